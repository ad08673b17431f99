import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** `Library PORT`: the handler behind the JDK's own HTTP server, which listens on ports only. */
public final class Library {
    public static void main(String[] arguments) throws IOException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0]));
        HttpServer server = HttpServer.create(address, 0);
        Index index = new Index();
        server.createContext("/", exchange -> {
            ByteArrayOutputStream result = new ByteArrayOutputStream();
            index.handleRequest(exchange.getRequestBody(), result, null);
            exchange.sendResponseHeaders(200, result.size());
            result.writeTo(exchange.getResponseBody());
            exchange.close();
        });
        server.start();
    }
}
