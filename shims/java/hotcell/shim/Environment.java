package hotcell.shim;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A function's environment: call after call of its code. */
final class Environment {
    static final int HANDLER = 0, INITIALIZER = 1, PRE_FREEZE = 2, PRE_STOP = 3, HTTP = 4;
    static final ObjectMapper JSON = new ObjectMapper();
    private static final String[] NAMES = {"handler", "initializer", "preFreeze", "preStop", "handler"};

    /** What answers a call: the frame's type and flags, and the frame. */
    record Answer(int type, int flags, Frame frame) {}

    private final JsonNode load;
    private final Handlers handlers;
    private final SharedMemory memory;

    Environment(JsonNode load, ClassLoader loader) {
        this.load = load;
        memory = new SharedMemory(load.path("memory"));
        handlers = new Handlers(loader);
    }

    /** The call whose payload is bytes[HEAD_BYTES..end). `reused` bytes are copied, for functions may keep what they get. */
    Answer call(byte[] bytes, int end, boolean reused) throws IOException {
        int kind = Channel.little(bytes).getInt(Channel.HEAD_BYTES);
        long contextBytes = Channel.little(bytes).getInt(Channel.HEAD_BYTES + 4) & 0xffffffffL;
        int begin = Channel.HEAD_BYTES + Channel.INVOKE_BYTES;
        if (kind < 0 || kind >= NAMES.length || contextBytes > end - begin)
            throw new Channel.Broken("a call of a kind or size that there is not");
        int eventAt = begin + (int) contextBytes;
        JsonNode call = json(bytes, begin, eventAt);
        boolean shared = (Channel.little(bytes).getShort(6) & Channel.SHARED) != 0;
        boolean own = reused || shared;
        byte[] event = shared ? memory.event(bytes, eventAt, end) : reused ? Arrays.copyOfRange(bytes, eventAt, end) : bytes;
        CallContext context = new CallContext(load, call);
        Answer answer;
        try {
            Frame result = handlers.call(
                    kind, load.path(NAMES[kind]).asText(), context, call.path("http"), event, own ? 0 : eventAt,
                    own ? event.length : end);
            Frame frame = memory.put(result);
            int flags = (kind == HTTP ? Channel.HTTP_HEAD : 0) | (frame == result ? 0 : Channel.SHARED);
            answer = new Answer(Channel.RESULT, flags, frame);
        } catch (Throwable error) {
            answer = failed(error);
        }
        Thread.interrupted(); // the next call's thread is this one
        Output.flush();
        return answer;
    }

    /** What the engine says, which is an object. */
    static JsonNode json(byte[] bytes, int begin, int end) throws IOException {
        JsonNode said;
        try {
            said = JSON.readTree(bytes, begin, end - begin);
        } catch (JsonProcessingException wrong) {
            throw new Channel.Broken("no JSON: " + wrong.getOriginalMessage());
        }
        if (!said.isObject()) throw new Channel.Broken("JSON that is no object");
        return said;
    }

    private static Answer failed(Throwable error) throws IOException {
        Output.error(Errors.text(error));
        Frame document = new Frame();
        document.write(JSON.writeValueAsString(Errors.json(error)).getBytes(StandardCharsets.UTF_8));
        return new Answer(Channel.ERROR, 0, document);
    }
}
