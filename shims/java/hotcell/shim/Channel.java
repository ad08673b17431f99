package hotcell.shim;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The frames of the channel, as engine/protocol/channel.h has them: one read and one write for a small call.
 *
 * Not here: what a frame means (Main, Environment). The main thread alone reads and writes. Programs that the function starts do
 * not inherit the descriptors: the JVM closes all but the standard ones in them.
 */
final class Channel {
    static final int READY = 1, LOAD = 4, INVOKE = 5, RESULT = 6, ERROR = 7;
    static final int HTTP_HEAD = 1, SHARED = 4;
    static final int HEAD_BYTES = 16, INVOKE_BYTES = 8;
    private static final int CALLS = 3, ANSWERS = 5;
    private static final int MOST_LOAD_BYTES = 1 << 20;
    private static final int AT_ONCE = 1 << 16; // a frame of up to so many bytes comes in one read

    /** The other end is not the engine, or not of this version. */
    static final class Broken extends RuntimeException {
        private static final long serialVersionUID = 1;

        Broken(String message) {
            super(message);
        }
    }

    /** A frame: its payload is bytes[HEAD_BYTES..end), valid until the next read when it is no longer than AT_ONCE. */
    record Incoming(long request, byte[] bytes, int end) {}

    private final FileInputStream in;
    private final FileOutputStream out;
    private final byte[] small = new byte[AT_ONCE];
    private int filled; // bytes of the next frame that have come already

    Channel() throws ReflectiveOperationException {
        Constructor<FileDescriptor> constructor = FileDescriptor.class.getDeclaredConstructor(int.class);
        constructor.setAccessible(true);
        in = new FileInputStream(constructor.newInstance(CALLS));
        out = new FileOutputStream(constructor.newInstance(ANSWERS));
    }

    static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    void sendReady() throws IOException {
        Frame ready = new Frame();
        byte[] payload = new byte[16];
        little(payload).putLong(8, System.nanoTime()); // CLOCK_MONOTONIC
        ready.write(payload);
        send(READY, 0, 0, ready);
    }

    boolean hasInput() throws IOException {
        return filled > 0 || in.available() > 0;
    }

    /** The next frame, which must be of this type; null at the channel's end. */
    Incoming read(int expected) throws IOException {
        while (filled < HEAD_BYTES) {
            int count = in.read(small, filled, AT_ONCE - filled);
            if (count < 0) {
                if (filled > 0) throw new Broken("the channel ended within a frame");
                return null;
            }
            filled += count;
        }
        ByteBuffer head = little(small);
        long length = head.getInt(0) & 0xffffffffL;
        int type = head.getShort(4) & 0xffff;
        if (type != expected || (type == INVOKE && length < INVOKE_BYTES) || (type == LOAD && length > MOST_LOAD_BYTES)
                || length > Integer.MAX_VALUE - 64)
            throw new Broken(
                    "a frame of type " + type + " and " + length + " bytes where one of type " + expected + " was to come");
        int total = HEAD_BYTES + (int) length;
        return new Incoming(head.getLong(8), total == filled ? taken(small) : rest(total), total);
    }

    private byte[] taken(byte[] frame) {
        filled = 0;
        return frame;
    }

    private byte[] rest(int total) throws IOException {
        byte[] frame = total <= AT_ONCE && filled < total ? small : new byte[total];
        if (filled > total) { // the beginning of another frame came along
            System.arraycopy(small, 0, frame, 0, total);
            filled -= total;
            System.arraycopy(small, total, small, 0, filled);
            return frame;
        }
        if (frame != small) System.arraycopy(small, 0, frame, 0, filled);
        while (filled < total) {
            int count = in.read(frame, filled, Math.min(total - filled, 1 << 20));
            if (count < 0) throw new Broken("the channel ended within a frame");
            filled += count;
        }
        return taken(frame);
    }

    /** Whether the next read writes over these bytes. */
    boolean reuses(byte[] bytes) {
        return bytes == small;
    }

    void send(int type, int flags, long request, Frame frame) throws IOException {
        byte[] bytes = frame.bytes();
        int length = frame.size();
        little(bytes).putInt(0, length - HEAD_BYTES).putShort(4, (short) type).putShort(6, (short) flags).putLong(8, request);
        out.write(bytes, 0, length);
    }
}
