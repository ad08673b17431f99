package hotcell.shim;

import java.io.ByteArrayOutputStream;

/** A frame that is being written: room for its head, then its payload. One for each answer: functions may keep the stream. */
final class Frame extends ByteArrayOutputStream {
    Frame() {
        super(1024);
        count = Channel.HEAD_BYTES;
    }

    @Override
    public synchronized void reset() {
        count = Channel.HEAD_BYTES;
    }

    @Override
    public void write(byte[] bytes) {
        write(bytes, 0, bytes.length);
    }

    byte[] bytes() {
        return buf;
    }
}
