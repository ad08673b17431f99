package hotcell.shim;

import com.aliyun.fc.runtime.FunctionInitializer;
import com.aliyun.fc.runtime.HttpRequestHandler;
import com.aliyun.fc.runtime.PojoRequestHandler;
import com.aliyun.fc.runtime.PreFreezeHandler;
import com.aliyun.fc.runtime.PreStopHandler;
import com.aliyun.fc.runtime.StreamRequestHandler;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.lang.reflect.InvocationTargetException;
import java.util.HashMap;
import java.util.Map;

/** The function's objects: one of each class that a handler names, made when first called, and how each kind of them is called. */
final class Handlers {
    private final ClassLoader loader;
    private final Map<String, Object> objects = new HashMap<>();
    private final Map<Class<?>, Object> inputTypes = new HashMap<>();
    private Json json;

    Handlers(ClassLoader loader) {
        this.loader = loader;
    }

    /** The payload of the answer to a call of this kind. */
    Frame call(int kind, String handler, CallContext context, JsonNode http, byte[] bytes, int begin, int end)
            throws Throwable {
        String[] parts = handler.split("::", -1);
        if (parts.length != 2 || parts[0].isEmpty() || parts[1].isEmpty())
            throw new Errors.LoadError(
                    "InvalidHandlerName", String.format("Handler '%s' must contain one and only one '::'", handler), null);
        Object object = object(parts[0]);
        return switch (kind) {
            case Environment.INITIALIZER -> hook(parts, "initialize", object instanceof FunctionInitializer one ? one::initialize : null, context);
            case Environment.PRE_FREEZE -> hook(parts, "preFreeze", object instanceof PreFreezeHandler one ? one::preFreeze : null, context);
            case Environment.PRE_STOP -> hook(parts, "preStop", object instanceof PreStopHandler one ? one::preStop : null, context);
            case Environment.HTTP -> http(parts, object, context, http, bytes, begin, end);
            default -> event(parts, object, context, bytes, begin, end);
        };
    }

    private interface Hook {
        void run(CallContext context) throws Throwable;
    }

    private static Frame hook(String[] parts, String name, Hook hook, CallContext context) throws Throwable {
        if (hook == null || !parts[1].equals(name))
            throw new Errors.LoadError("HandlerNotFound",
                    String.format("The Lifecycle Handler '%s' is not implemented in class '%s'", parts[1], parts[0]), null); // words:ok FC's text
        hook.run(context);
        return new Frame();
    }

    private static Errors.LoadError notImplemented(String[] parts) {
        return new Errors.LoadError("HandlerNotFound",
                String.format("The Handler '%s' is not implemented in class '%s'", parts[1], parts[0]), null); // words:ok FC's text
    }

    private Frame event(String[] parts, Object object, CallContext context, byte[] bytes, int begin, int end)
            throws Throwable {
        if (!parts[1].equals("handleRequest")) throw notImplemented(parts);
        Frame result = new Frame();
        if (object instanceof StreamRequestHandler handler) {
            handler.handleRequest(new ByteArrayInputStream(bytes, begin, end - begin), result, context);
        } else if (object instanceof PojoRequestHandler<?, ?> handler) {
            pojo(handler, context, bytes, begin, end, result);
        } else {
            throw notImplemented(parts);
        }
        return result;
    }

    @SuppressWarnings("unchecked")
    private void pojo(PojoRequestHandler<?, ?> handler, CallContext context, byte[] bytes, int begin, int end, Frame result)
            throws Throwable {
        if (json == null) json = Json.of(loader);
        Object type = inputTypes.get(handler.getClass());
        if (type == null) {
            type = json.inputType(handler.getClass(), PojoRequestHandler.class);
            inputTypes.put(handler.getClass(), type);
        }
        Object input = json.read(bytes, begin, end, type);
        json.write(((PojoRequestHandler<Object, Object>) handler).handleRequest(input, context), result);
    }

    private static Frame http(
            String[] parts, Object object, CallContext context, JsonNode http, byte[] bytes, int begin, int end)
            throws Throwable {
        if (!(object instanceof HttpRequestHandler handler) || !parts[1].equals("handleRequest")) throw notImplemented(parts);
        HttpRequest request = new HttpRequest(http, context, bytes, begin, end);
        HttpResponse response = new HttpResponse();
        handler.handleRequest(request, response, context);
        return response.frame();
    }

    private Object object(String name) throws Throwable {
        Object object = objects.get(name);
        if (object == null) objects.put(name, object = make(name));
        return object;
    }

    private Object make(String name) throws Throwable {
        try {
            return Class.forName(name, true, loader).getConstructor().newInstance();
        } catch (ClassNotFoundException missing) {
            throw new Errors.LoadError("ImportModuleError", String.format("Class '%s' is not found in the code package", name), missing);
        } catch (ClassFormatError | VerifyError wrong) {
            throw new Errors.LoadError("UserCodeSyntaxError", wrong.getClass().getName() + ": " + wrong.getMessage(), wrong);
        } catch (NoClassDefFoundError missing) {
            throw new Errors.LoadError("ImportModuleError", missing.getClass().getName() + ": " + missing.getMessage(), missing);
        } catch (NoSuchMethodException | IllegalAccessException | InstantiationException wrong) {
            throw new Errors.LoadError("HandlerNotFound", String.format("Class '%s' has no public constructor without parameters", name), null);
        } catch (InvocationTargetException | ExceptionInInitializerError wrapped) {
            Throwable cause = wrapped.getCause() == null ? wrapped : wrapped.getCause();
            throw new Errors.LoadError("UserCodeError", cause.getClass().getName() + ": " + cause.getMessage(), cause);
        }
    }
}
