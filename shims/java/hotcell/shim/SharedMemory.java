package hotcell.shim;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;

/**
 * The environment's shared memory, for events and results too large for the channel's pipes to be quick: descriptor 4, where LOAD has
 * a "memory". Not here: when a frame says so (Channel, Environment). The main thread's.
 */
final class SharedMemory {
    private static final int WHERE_BYTES = 8;

    private final int resultsFrom; // results of so many bytes go this way
    private final int resultsAt;
    private final int size;
    private ByteBuffer mapped; // from the first payload on

    /** Of LOAD's "memory", or of none. */
    SharedMemory(JsonNode memory) {
        size = memory.path("size").asInt(0);
        resultsAt = memory.path("resultsAt").asInt(0);
        resultsFrom = memory.path("resultsFrom").asInt(Integer.MAX_VALUE);
    }

    private ByteBuffer mapped() {
        if (mapped == null && size > 0) mapped = Native.map(size);
        return mapped;
    }

    /** A copy of what an INVOKE says in frame[at..end). */
    byte[] event(byte[] frame, int at, int end) {
        if (end - at != WHERE_BYTES || size == 0) throw new Channel.Broken("a place in shared memory that is none");
        int offset = Channel.little(frame).getInt(at);
        int length = Channel.little(frame).getInt(at + 4);
        if (offset < 0 || length < 0 || length > resultsAt - offset || mapped() == null)
            throw new Channel.Broken("an event that does not lie in shared memory");
        byte[] event = new byte[length];
        mapped().get(offset, event);
        return event;
    }

    /** The frame that says where the payload lies, once it does; or the frame itself, which goes over the pipe. */
    Frame put(Frame result) {
        int length = result.size() - Channel.HEAD_BYTES;
        if (length < resultsFrom || length > size - resultsAt || mapped() == null) return result;
        mapped().put(resultsAt, result.bytes(), Channel.HEAD_BYTES, length);
        byte[] where = new byte[WHERE_BYTES];
        Channel.little(where).putInt(0, resultsAt).putInt(4, length);
        Frame frame = new Frame();
        frame.write(where);
        return frame;
    }
}
