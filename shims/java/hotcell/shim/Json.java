package hotcell.shim;

import java.io.OutputStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Array;

/**
 * Values of Pojo handlers: by the Jackson that the function brings, whose annotations its classes carry, else by the shim's own.
 * Both are called by name: they are different classes.
 */
final class Json {
    private static final String PACKAGE = "com.fasterxml.jackson.databind.";
    private final Object mapper;
    private final Object types;
    private final MethodHandle read; // (mapper, bytes, offset, length, type)
    private final MethodHandle write; // (mapper, stream, value)
    private final MethodHandle parameters; // (types, class, expected class): an array of types
    private final MethodHandle type; // (types, class)

    private Json(ClassLoader loader) throws ReflectiveOperationException {
        Class<?> mapperClass = loader.loadClass(PACKAGE + "ObjectMapper");
        Class<?> typeClass = loader.loadClass(PACKAGE + "JavaType");
        Class<?> factoryClass = loader.loadClass(PACKAGE + "type.TypeFactory");
        Class<?> features = loader.loadClass(PACKAGE + "DeserializationFeature");
        MethodHandles.Lookup lookup = MethodHandles.publicLookup();
        mapper = mapperClass.getConstructor().newInstance();
        // events have more in them than a function asks for
        mapperClass.getMethod("configure", features, boolean.class).invoke(
                mapper, features.getField("FAIL_ON_UNKNOWN_PROPERTIES").get(null), false);
        types = mapperClass.getMethod("getTypeFactory").invoke(mapper);
        read = lookup.findVirtual(mapperClass, "readValue",
                MethodType.methodType(Object.class, byte[].class, int.class, int.class, typeClass));
        write = lookup.findVirtual(
                mapperClass, "writeValue", MethodType.methodType(void.class, OutputStream.class, Object.class));
        parameters = lookup.findVirtual(factoryClass, "findTypeParameters",
                MethodType.methodType(typeClass.arrayType(), Class.class, Class.class));
        type = lookup.findVirtual(
                factoryClass, "constructType", MethodType.methodType(typeClass, java.lang.reflect.Type.class));
    }

    static Json of(ClassLoader users) {
        try {
            return new Json(users);
        } catch (ReflectiveOperationException | LinkageError none) {
            try {
                return new Json(Json.class.getClassLoader());
            } catch (ReflectiveOperationException missing) {
                throw new IllegalStateException("the shim's own JSON library is not there", missing);
            }
        }
    }

    /** The type that `implementation` puts for the first parameter of the interface `generic`; Object when it leaves it open. */
    Object inputType(Class<?> implementation, Class<?> generic) throws Throwable {
        Object found = parameters.invoke(types, implementation, generic);
        return found != null && Array.getLength(found) > 0 ? Array.get(found, 0) : type.invoke(types, (Object) Object.class);
    }

    Object read(byte[] bytes, int begin, int end, Object type) throws Throwable {
        return read.invoke(mapper, bytes, begin, end - begin, type);
    }

    void write(Object value, OutputStream to) throws Throwable {
        write.invoke(mapper, to, value);
    }
}
