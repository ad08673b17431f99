package hotcell.shim;

/** What the JVM cannot do by itself, in shims/native/java_process.c. */
final class Native {
    private Native() {}

    /**
     * The working directory and the environment ("NAME=value") of the whole process, for native code and for the programs it
     * starts. Returns what failed, or null.
     */
    static native String enter(String directory, byte[][] environment);
}
