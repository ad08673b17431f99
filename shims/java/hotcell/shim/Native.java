package hotcell.shim;

import java.nio.ByteBuffer;

/** What the JVM cannot do by itself, in shims/native/java_process.c. */
final class Native {
    private Native() {}

    /**
     * The working directory and the environment ("NAME=value") of the whole process, for native code and for the programs it
     * starts. Returns what failed, or null.
     */
    static native String enter(String directory, byte[][] environment);

    /** The first `size` bytes of descriptor 4, which is closed then, for both to write; null where that is not possible. */
    static native ByteBuffer map(int size);
}
