package hotcell.shim;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/** What went wrong, as the JSON of an ERROR frame in the shape functions of this language are known for. */
final class Errors {
    private static final int MOST_FRAMES = 100; // the innermost
    private static final int MOST_MESSAGE = 1 << 16;
    private static final int MOST_CAUSES = 20;
    private static final String OWN = Errors.class.getPackageName() + ".";

    private Errors() {}

    /** The code could not be loaded; `type` is what callers see as errorType, the cause what the code threw, if it did. */
    static final class LoadError extends Exception {
        private static final long serialVersionUID = 1;
        final String type;

        LoadError(String type, String message, Throwable cause) {
            super(message, cause);
            this.type = type;
        }
    }

    static ObjectNode json(Throwable error) {
        boolean ours = error instanceof LoadError;
        Throwable root = ours ? error.getCause() : error;
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        document.put("errorMessage", message(error));
        document.put("errorType", ours ? ((LoadError) error).type : error.getClass().getName());
        document.put("errorCause", message(rootOf(root == null ? error : root)));
        ArrayNode stack = document.putArray("stackTrace");
        if (root != null) {
            int frames = usersFrames(root);
            StackTraceElement[] trace = trace(root);
            for (int i = 0; i < Math.min(frames, MOST_FRAMES); ++i) stack.add(trace[i].toString());
        }
        return document;
    }

    /** As Throwable.printStackTrace, without the shim's own frames and without end. */
    static String text(Throwable error) {
        if (error instanceof LoadError && error.getCause() == null) return ((LoadError) error).type + ": " + error.getMessage();
        StringBuilder text = new StringBuilder();
        Throwable one = error instanceof LoadError ? error.getCause() : error;
        for (int i = 0; one != null && i < MOST_CAUSES; one = cause(one), ++i) {
            text.append(i == 0 ? "" : "\nCaused by: ").append(one.getClass().getName()).append(": ").append(message(one));
            StackTraceElement[] trace = trace(one);
            for (int at = 0; at < Math.min(usersFrames(one), MOST_FRAMES); ++at) text.append("\n\tat ").append(trace[at]);
        }
        return text.length() <= MOST_MESSAGE ? text.toString() : text.substring(0, MOST_MESSAGE) + "...";
    }

    // a class of the function may override each of these, and throw

    private static String message(Throwable error) {
        try {
            String message = error.getMessage();
            if (message == null) return "";
            return message.length() <= MOST_MESSAGE ? message : message.substring(0, MOST_MESSAGE);
        } catch (Throwable odd) {
            return "a message that cannot be read";
        }
    }

    private static Throwable cause(Throwable error) {
        try {
            return error.getCause();
        } catch (Throwable odd) {
            return null;
        }
    }

    private static StackTraceElement[] trace(Throwable error) {
        try {
            return error.getStackTrace();
        } catch (Throwable odd) {
            return new StackTraceElement[0];
        }
    }

    private static Throwable rootOf(Throwable error) {
        Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Throwable root = error;
        for (Throwable next = error; next != null && seen.add(next); next = cause(next)) root = next;
        return root;
    }

    /** How many frames are above the shim's, which called the function. */
    private static int usersFrames(Throwable error) {
        StackTraceElement[] trace = trace(error);
        for (int i = 0; i < trace.length; ++i)
            if (trace[i].getClassName().startsWith(OWN)) {
                while (i > 0 && trace[i - 1].getClassName().startsWith("jdk.internal.reflect.")) --i;
                return i;
            }
        return trace.length;
    }
}
