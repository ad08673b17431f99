package hotcell.shim;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Loads the function's classes: of the code package, of layers, of CLASSPATH.
 *
 * Above it are the JDK and the interfaces that function and shim share (com.aliyun.fc.runtime, javax.servlet), which come from here
 * although the function may bring its own copies; nothing else of the shim, above all not its JSON library.
 */
final class UserLoader extends URLClassLoader {
    static {
        registerAsParallelCapable();
    }

    private static final class Shared extends ClassLoader {
        static {
            registerAsParallelCapable();
        }
        private final ClassLoader own = UserLoader.class.getClassLoader();

        Shared() {
            super(getPlatformClassLoader());
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            if (name.startsWith("com.aliyun.fc.runtime.") || name.startsWith("javax.servlet.")) return own.loadClass(name);
            throw new ClassNotFoundException(name);
        }
    }

    private UserLoader(URL[] places) {
        super(places, new Shared());
    }

    static UserLoader of(String code, String classPath) {
        List<File> places = new ArrayList<>();
        for (String one : (classPath == null ? "" : classPath).split(File.pathSeparator)) {
            if (one.endsWith("/*") || one.equals("*")) addJars(places, new File(one.substring(0, one.length() - 1)));
            else if (!one.isEmpty()) places.add(new File(one));
        }
        places.add(new File(code));
        addJars(places, new File(code));
        addJars(places, new File(code, "lib"));
        places.add(new File(code, "WEB-INF/classes"));
        addJars(places, new File(code, "WEB-INF/lib"));
        places.add(new File("/opt"));
        addJars(places, new File("/opt"));
        addJars(places, new File("/opt/java/lib"));
        places.removeIf((place) -> !place.exists());
        System.setProperty("java.class.path", String.join(File.pathSeparator, places.stream().map(File::getPath).toList()));
        return new UserLoader(places.stream().map(UserLoader::url).toArray(URL[]::new));
    }

    private static void addJars(List<File> places, File directory) {
        File[] jars = directory.listFiles((where, name) -> name.endsWith(".jar"));
        if (jars == null) return;
        Arrays.sort(jars); // the order of a directory is nobody's choice
        places.addAll(Arrays.asList(jars));
    }

    private static URL url(File place) {
        try {
            return place.toURI().toURL();
        } catch (MalformedURLException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
