package hotcell.shim;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Java as a function environment: `java -jar shim.jar [--warm] [--code DIR]` with the channel as descriptors 3 and 5.
 *
 * Boots, says READY, warms up until LOAD is there, becomes the environment that LOAD names (docs/protocol/shim-channel.md). DIR is
 * where the code lies, /code unless a test says otherwise. With --warm all of the warming comes first (make_archive).
 */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        int status = 1;
        try {
            Deque<String> left = new ArrayDeque<>(List.of(arguments));
            boolean warm = "--warm".equals(left.peek()) && left.pop() != null;
            String code = left.size() == 2 && left.pop().equals("--code") ? left.pop() : "/code";
            if (!left.isEmpty()) throw new IllegalArgumentException("usage: shim.jar [--warm] [--code DIR]");
            Output.silence();
            serve(new Channel(), code, warm);
            status = 0;
        } catch (IOException ended) {
            status = 0; // the engine has gone
        } catch (Throwable error) {
            Output.complain(error.getClass().getSimpleName() + ": " + error.getMessage());
        }
        Runtime.getRuntime().halt(status); // although threads of the function may still run
    }

    /** The directory of all shims: two above this jar. */
    private static String shims() {
        String jar = System.getProperty("java.class.path").split(File.pathSeparator)[0];
        return new File(jar).getAbsoluteFile().getParentFile().getParent();
    }

    private static void serve(Channel channel, String code, boolean warm) throws Exception {
        String shims = shims();
        System.load(shims + "/native/libhotcell_java.so");
        if (warm) Warm.up(channel, shims);
        channel.sendReady();
        if (!warm) Warm.up(channel, shims);
        Channel.Incoming first = channel.read(Channel.LOAD);
        if (first == null) return;
        JsonNode load = Environment.json(first.bytes(), Channel.HEAD_BYTES, first.end());
        if (!load.path("handler").isTextual()) throw new Channel.Broken("LOAD: handler is not a string");
        Environment environment = become(load, code);
        Output.install();
        for (;;) {
            Channel.Incoming call = channel.read(Channel.INVOKE);
            if (call == null) return;
            Environment.Answer answer = environment.call(call.bytes(), call.end(), channel.reuses(call.bytes()));
            channel.send(answer.type(), answer.flags(), call.request(), answer.frame());
        }
    }

    static Environment become(JsonNode load, String code) throws ReflectiveOperationException {
        Process.become(load.path("env"), code);
        UserLoader loader = UserLoader.of(code, load.path("env").path("CLASSPATH").asText());
        Thread.currentThread().setContextClassLoader(loader);
        return new Environment(load, loader);
    }
}
