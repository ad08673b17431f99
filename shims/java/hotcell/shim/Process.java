package hotcell.shim;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.util.Iterator;
import java.util.Map;
import java.util.TimeZone;

/**
 * The process of a function, which the JVM has booted before anybody knew whose it would be: its environment, working directory and
 * time zone. The JDK reads them once, when it starts, and has no way to change them; here the places are where it keeps them.
 */
final class Process {
    private Process() {}

    static void become(JsonNode environment, String code) throws ReflectiveOperationException {
        byte[][] variables = new byte[environment.size()][];
        int count = 0;
        for (Iterator<Map.Entry<String, JsonNode>> all = environment.fields(); all.hasNext();) {
            Map.Entry<String, JsonNode> one = all.next();
            variables[count++] = (one.getKey() + "=" + one.getValue().asText()).getBytes(StandardCharsets.UTF_8);
        }
        String failed = Native.enter(code, variables);
        if (failed != null) throw new IllegalStateException(failed);
        replaceVariables(environment);
        replaceDirectory(code);
        String zone = environment.path("TZ").asText();
        if (zone.isEmpty()) System.clearProperty("user.timezone");
        else System.setProperty("user.timezone", zone.startsWith(":") ? zone.substring(1) : zone);
        TimeZone.setDefault(null); // read again when asked for
        System.setProperty("java.io.tmpdir", "/tmp");
    }

    /** Of System.getenv and of the programs that are started. */
    private static void replaceVariables(JsonNode environment) throws ReflectiveOperationException {
        Class<?> holder = Class.forName("java.lang.ProcessEnvironment");
        Method name = method("java.lang.ProcessEnvironment$Variable", "valueOf");
        Method value = method("java.lang.ProcessEnvironment$Value", "valueOf");
        @SuppressWarnings("unchecked")
        Map<Object, Object> variables = (Map<Object, Object>) field(holder, "theEnvironment").get(null);
        variables.clear();
        for (Iterator<Map.Entry<String, JsonNode>> all = environment.fields(); all.hasNext();) {
            Map.Entry<String, JsonNode> one = all.next();
            variables.put(name.invoke(null, one.getKey()), value.invoke(null, one.getValue().asText()));
        }
    }

    private static void replaceDirectory(String code) throws ReflectiveOperationException {
        System.setProperty("user.dir", code);
        Object files = field(java.io.File.class, "fs").get(null);
        field(files.getClass(), "userDir").set(files, code);
        FileSystem paths = FileSystems.getDefault();
        field(paths.getClass().getSuperclass(), "defaultDirectory").set(paths, code.getBytes(StandardCharsets.UTF_8));
    }

    private static Field field(Class<?> holder, String name) throws ReflectiveOperationException {
        Field field = holder.getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }

    private static Method method(String holder, String name) throws ReflectiveOperationException {
        Method method = Class.forName(holder).getDeclaredMethod(name, String.class);
        method.setAccessible(true);
        return method;
    }
}
