package hotcell.shim;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import javax.servlet.ReadListener;
import javax.servlet.ServletInputStream;
import javax.servlet.ServletOutputStream;
import javax.servlet.WriteListener;

/** The bodies of a request, which is there as a whole, and of a response, which leaves as a whole. */
final class HttpStreams {
    private HttpStreams() {}

    static final class Input extends ServletInputStream {
        private final ByteArrayInputStream bytes;

        Input(byte[] bytes, int begin, int end) {
            this.bytes = new ByteArrayInputStream(bytes, begin, end - begin);
        }

        @Override
        public int read() {
            return bytes.read();
        }

        @Override
        public int read(byte[] to, int offset, int length) {
            return bytes.read(to, offset, length);
        }

        @Override
        public int available() {
            return bytes.available();
        }

        @Override
        public boolean isFinished() {
            return bytes.available() == 0;
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setReadListener(ReadListener listener) {
            throw new IllegalStateException("asynchronous requests are not supported");
        }
    }

    static final class Output extends ServletOutputStream {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        boolean closed; // what is written then is dropped

        @Override
        public void write(int one) {
            if (!closed) bytes.write(one);
        }

        @Override
        public void write(byte[] from, int offset, int length) {
            if (!closed) bytes.write(from, offset, length);
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setWriteListener(WriteListener listener) {
            throw new IllegalStateException("asynchronous requests are not supported");
        }
    }
}
