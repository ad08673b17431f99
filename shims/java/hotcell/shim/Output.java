package hotcell.shim;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * Standard output and error of a function, written at once, so that all of it lies in the pipe before the answer does; the shim's
 * own lines; the lines of loggers.
 */
final class Output {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final OutputStream REAL = new FileOutputStream(FileDescriptor.out);
    private static volatile OutputStream out = OutputStream.nullOutputStream(); // until the function has come

    private Output() {}

    /** While the shim warms up nothing is written. */
    static void silence() {
        PrintStream none = new PrintStream(OutputStream.nullOutputStream());
        System.setOut(none);
        System.setErr(none);
    }

    /** A line about the shim's own end. */
    static void complain(String line) {
        try {
            new FileOutputStream(FileDescriptor.err).write(("hotcell shim: " + line + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException closed) {
            return; // nobody listens
        }
    }

    /** System.out and System.err as functions find them: UTF-8, one write for a print, nothing held back. */
    static void install() {
        out = REAL;
        System.setOut(new PrintStream(REAL, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8));
    }

    /** A line of the shim's own, past System.out, which is the function's. */
    static void say(String line) {
        try {
            out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException closed) {
            // a function that has closed its output has no log
        }
    }

    static void log(String requestId, String level, String text) {
        flush();
        say(TIME.format(Instant.now()) + " " + requestId + " [" + level + "] " + text);
    }

    /** What the function may have put in the place of its streams, which need not work. */
    static void flush() {
        try {
            System.err.flush();
            System.out.flush();
        } catch (RuntimeException broken) {
            return; // then it has no log
        }
    }

    /** Of an error that the function did not handle. */
    static void error(String text) {
        try {
            System.err.println(text);
        } catch (RuntimeException broken) {
            return;
        }
    }
}
