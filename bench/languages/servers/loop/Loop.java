import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** `Loop SOCKET`: the handler behind a bare socket loop. */
public final class Loop {
    public static void main(String[] arguments) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listener.bind(UnixDomainSocketAddress.of(arguments[0]));
        Index index = new Index();
        for (;;) {
            try (SocketChannel client = listener.accept()) {
                InputStream input = new BufferedInputStream(Channels.newInputStream(client));
                while (!line(input).isEmpty()) {
                    int length = 0;
                    for (String header = line(input); !header.isEmpty(); header = line(input))
                        if (header.regionMatches(true, 0, "Content-Length:", 0, 15)) length = Integer.parseInt(header.substring(15).trim());
                    ByteArrayOutputStream result = new ByteArrayOutputStream();
                    index.handleRequest(new ByteArrayInputStream(input.readNBytes(length)), result, null);
                    ByteArrayOutputStream answer = new ByteArrayOutputStream();
                    answer.writeBytes(("HTTP/1.1 200 OK\r\nContent-Length: " + result.size() + "\r\n\r\n").getBytes());
                    result.writeTo(answer);
                    client.write(ByteBuffer.wrap(answer.toByteArray()));
                }
            }
        }
    }

    private static String line(InputStream input) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int c = input.read(); c >= 0 && c != '\n'; c = input.read())
            if (c != '\r') text.append((char) c);
        return text.toString();
    }
}
