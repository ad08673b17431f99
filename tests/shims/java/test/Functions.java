package test;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.FunctionInitializer;
import com.aliyun.fc.runtime.HttpRequestHandler;
import com.aliyun.fc.runtime.PojoRequestHandler;
import com.aliyun.fc.runtime.PreFreezeHandler;
import com.aliyun.fc.runtime.PreStopHandler;
import com.aliyun.fc.runtime.StreamRequestHandler;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.TreeMap;
import javax.servlet.ServletException;
import javax.servlet.http.Cookie;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;

/** The functions that java_test.cc calls. */
public final class Functions {
    private Functions() {}

    private static void write(OutputStream output, Object... parts) throws IOException {
        List<String> texts = new ArrayList<>();
        for (Object part : parts) texts.add(String.valueOf(part));
        output.write(String.join("|", texts).getBytes(StandardCharsets.UTF_8));
    }

    private static String text(InputStream input) throws IOException {
        return new String(input.readAllBytes(), StandardCharsets.UTF_8);
    }

    public static final class Echo implements StreamRequestHandler {
        @Override
        public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
            input.transferTo(output);
        }
    }

    public static final class ShowContext implements StreamRequestHandler {
        @Override
        public void handleRequest(InputStream input, OutputStream output, Context c) throws IOException {
            write(output, c.getRequestId(), c.getExecutionCredentials().getAccessKeyId(),
                    c.getExecutionCredentials().getAccessKeySecret(), c.getExecutionCredentials().getSecurityToken(),
                    c.getFunctionParam().getFunctionName(), c.getFunctionParam().getFunctionHandler(),
                    c.getFunctionParam().getMemoryLimitInMB(), c.getFunctionParam().getExecTimeLimitInMillis(),
                    c.getService().getName(), c.getService().getLogProject(), c.getService().getLogStore(),
                    c.getService().getQualifier(), c.getService().getVersionId(), c.getRetryCount(),
                    c.getTracing().getSpanBaggages());
        }
    }

    public static final class Surroundings implements StreamRequestHandler {
        @Override
        public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
            java.lang.Process child = new ProcessBuilder("/bin/sh", "-c", "pwd; env; readlink /proc/self/fd/3 /proc/self/fd/5 || echo none").start();
            try (FileInputStream relative = new FileInputStream("data.txt")) {
                write(output, new TreeMap<>(System.getenv()), System.getenv("GREETING"), TimeZone.getDefault().getID(),
                        System.getProperty("user.dir"), new File("data.txt").getAbsolutePath(),
                        Paths.get("data.txt").toAbsolutePath(), text(relative),
                        text(child.getInputStream()).replace('\n', ' '));
            }
        }
    }

    public static final class Point {
        public int x;
        public String name;
        public List<Double> values;
    }

    public abstract static class Scaled<T> implements PojoRequestHandler<T, Map<String, Object>> {}

    public static final class Pojo extends Scaled<Point> {
        @Override
        public Map<String, Object> handleRequest(Point input, Context context) {
            Map<String, Object> result = new TreeMap<>();
            result.put("twice", 2 * input.x);
            result.put("name", input.name);
            result.put("values", input.values);
            return result;
        }
    }

    public static final class Texts implements PojoRequestHandler<String, String> {
        @Override
        public String handleRequest(String input, Context context) {
            return input.equals("null") ? null : input + "!";
        }
    }

    public static final class Unknown implements PojoRequestHandler<Object, Object> {
        @Override
        public Object handleRequest(Object input, Context context) {
            return input.equals("object") ? new Object() : input.getClass().getSimpleName();
        }
    }

    public static final class Lifecycle
            implements StreamRequestHandler, FunctionInitializer, PreFreezeHandler, PreStopHandler {
        private final List<String> calls = new ArrayList<>();

        @Override
        public void initialize(Context context) {
            calls.add("initialize " + context.getRequestId());
        }

        @Override
        public void preFreeze(Context context) {
            calls.add("preFreeze " + context.getRequestId());
        }

        @Override
        public void preStop(Context context) {
            calls.add("preStop " + context.getRequestId());
            System.out.println(calls);
        }

        @Override
        public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
            write(output, calls);
        }
    }

    public static final class Logs implements StreamRequestHandler {
        @Override
        public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
            System.out.print("pr\u00efnt");
            System.out.println("ed");
            System.err.println("err");
            context.getLogger().trace("t");
            context.getLogger().debug("d");
            context.getLogger().info("\u4f60");
            context.getLogger().warn("w");
            context.getLogger().error("e");
            Thread thread = new Thread(() -> {
                System.out.println("of a thread");
                context.getLogger().info("too");
            });
            thread.start();
            try {
                thread.join();
            } catch (InterruptedException unexpected) {
                throw new IOException(unexpected);
            }
        }
    }

    public static final class Throws implements StreamRequestHandler, FunctionInitializer {
        @Override
        public void initialize(Context context) {
            throw new IllegalStateException("not today");
        }

        @Override
        public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
            switch (text(input)) {
                case "checked" -> throw new IOException("oops");
                case "caused" -> throw new IllegalArgumentException("outer", new IOException("inner"));
                case "null" -> throw new NullPointerException();
                case "error" -> throw new AssertionError("an error");
                case "deep" -> deep(1);
                case "odd" -> throw new Odd();
                case "loop" -> {
                    Exception one = new Exception("one");
                    throw new RuntimeException("two", one.initCause(new Exception("three", one)));
                }
                case "exit" -> {
                    System.out.print("last words");
                    System.exit(7);
                }
                case "halt" -> Runtime.getRuntime().halt(8);
                case "streams" -> {
                    System.setOut(null);
                    System.setErr(null);
                    throw new IOException("without streams");
                }
                case "interrupt" -> Thread.currentThread().interrupt();
                default -> {}
            }
            write(output, "fine");
        }

        private static int deep(int n) {
            return 1 + deep(n + 1);
        }
    }

    public static final class Odd extends RuntimeException {
        private static final long serialVersionUID = 1;

        @Override
        public String getMessage() {
            throw new IllegalStateException("no message");
        }

        @Override
        public StackTraceElement[] getStackTrace() {
            throw new IllegalStateException("no stack");
        }
    }

    public static final class BadStatic implements StreamRequestHandler {
        static final int VALUE = Integer.parseInt("no number");

        @Override
        public void handleRequest(InputStream input, OutputStream output, Context context) {}
    }

    public static final class BadConstructor implements StreamRequestHandler {
        public BadConstructor() {
            throw new UnsupportedOperationException("not made");
        }

        @Override
        public void handleRequest(InputStream input, OutputStream output, Context context) {}
    }

    public static final class NoConstructor implements StreamRequestHandler {
        public NoConstructor(int needed) {}

        @Override
        public void handleRequest(InputStream input, OutputStream output, Context context) {}
    }

    public static final class Nothing {}

    /** Is the shim's own library visible, and do classes come from where they should? */
    public static final class Isolation implements StreamRequestHandler {
        @Override
        public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
            ClassLoader mine = Isolation.class.getClassLoader();
            write(output, visible("com.fasterxml.jackson.databind.ObjectMapper"), visible("hotcell.shim.Main"),
                    visible("java.sql.Driver"), StreamRequestHandler.class.getClassLoader() == mine,
                    Thread.currentThread().getContextClassLoader() == mine, mine.getResource("data.txt") != null);
        }

        private static boolean visible(String name) {
            try {
                Class.forName(name);
                return true;
            } catch (ClassNotFoundException hidden) {
                return false;
            }
        }
    }

    public static final class LeavesThreads implements StreamRequestHandler {
        @Override
        public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
            new Thread(() -> {
                for (;;) Thread.onSpinWait();
            }).start();
            write(output, "ok");
        }
    }

    /** Memory: kept until there is none left, or thrown away as it is made. */
    public static final class Memory implements StreamRequestHandler {
        private final List<byte[]> kept = new ArrayList<>();

        @Override
        public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
            switch (text(input)) {
                case "keep" -> {
                    for (;;) kept.add(new byte[1 << 20]);
                }
                case "spin" -> {
                    for (;;) Thread.onSpinWait();
                }
                case "garbage" -> { // 20 MB in use at a time, some 800 MB made
                    for (int round = 0; round < 20; ++round) {
                        List<long[]> used = new ArrayList<>();
                        for (int i = 0; i < 200_000; ++i) used.add(new long[] {i, i, i, i, i, i, i, i, i, i});
                    }
                }
                default -> {}
            }
            write(output, "fine");
        }
    }

    public static final class Http implements HttpRequestHandler, FunctionInitializer {
        @Override
        public void initialize(Context context) {}

        @Override
        public void handleRequest(HttpServletRequest request, HttpServletResponse response, Context context)
                throws IOException, ServletException {
            switch (request.getPathInfo()) {
                case "/bytes": {
                    response.setStatus(201);
                    response.setContentType("application/octet-stream");
                    request.getInputStream().transferTo(response.getOutputStream());
                    return;
                }
                case "/form": {
                    response.setContentType("text/plain;charset=utf-8");
                    for (String name : new TreeMap<>(request.getParameterMap()).keySet())
                        response.getWriter().println(name + "=" + String.join(",", request.getParameterValues(name)));
                    return;
                }
                case "/error": response.sendError(404, "nothing here"); response.getOutputStream().print("dropped"); return;
                case "/redirect": response.sendRedirect("https://example.com/"); return;
                case "/throws": throw new ServletException("broken");
                default: describe(request, response);
            }
        }

        private static void describe(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.addHeader("X-Many", "one");
            response.addHeader("x-many", "two");
            Cookie cookie = new Cookie("session", "abc");
            cookie.setPath("/");
            cookie.setHttpOnly(true);
            response.addCookie(cookie);
            write(response.getOutputStream(), request.getMethod(), request.getRequestURI(), request.getQueryString(),
                    request.getContextPath(), request.getPathInfo(), request.getAttribute("FC_REQUEST_PATH"),
                    request.getAttribute("FC_REQUEST_URI"), request.getAttribute("FC_REQUEST_CLIENT_IP"),
                    ((Context) request.getAttribute("FC_CONTEXT")).getRequestId(), request.getRemoteAddr(),
                    request.getServerName(), request.getServerPort(), request.getHeader("X-Some"),
                    Collections.list(request.getHeaders("x-some")), request.getIntHeader("x-number"),
                    request.getCookies()[1].getValue(), request.getParameter("a"),
                    String.join(",", request.getParameterValues("b")), request.getReader().readLine(),
                    request.getSession(false));
        }
    }
}
