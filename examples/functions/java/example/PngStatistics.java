package example;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.FunctionInitializer;
import com.aliyun.fc.runtime.StreamRequestHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.InflaterInputStream;

/**
 * Header and brightness of a PNG image (8 bits a sample, not interlaced): size, colour type, mean, minimum, maximum and a histogram of
 * four bins. The weights of the colours are made once.
 */
public class PngStatistics implements StreamRequestHandler, FunctionInitializer {
    private static final byte[] MAGIC = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final int[] SAMPLES_OF = {1, 0, 3, 0, 2, 0, 4}; // by colour type; 0: none that is supported
    private final Map<Integer, int[]> weights = new HashMap<>();

    @Override
    public void initialize(Context context) {
        for (int kind : new int[] {0, 4}) weights.put(kind, new int[] {1000});
        for (int kind : new int[] {2, 6}) weights.put(kind, new int[] {299, 587, 114});
    }

    private static int paeth(int a, int b, int c) {
        int p = a + b - c;
        int pa = Math.abs(p - a);
        int pb = Math.abs(p - b);
        int pc = Math.abs(p - c);
        if (pa <= pb && pa <= pc) return a;
        return pb <= pc ? b : c;
    }

    private static void unfilter(int kind, int[] line, int[] above, int step) {
        for (int i = 0; i < line.length; ++i) {
            int a = i >= step ? line[i - step] : 0;
            int b = above[i];
            int c = i >= step ? above[i - step] : 0;
            int add = kind == 1 ? a : kind == 2 ? b : kind == 3 ? (a + b) / 2 : kind == 4 ? paeth(a, b, c) : 0;
            line[i] = (line[i] + add) & 255;
        }
    }

    @Override
    public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
        byte[] png = input.readAllBytes();
        if (!Arrays.equals(MAGIC, Arrays.copyOf(png, MAGIC.length))) throw new IllegalArgumentException("not a PNG image");
        ByteBuffer bytes = ByteBuffer.wrap(png).position(MAGIC.length);
        ByteBuffer header = ByteBuffer.allocate(13);
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        while (bytes.hasRemaining()) {
            byte[] name = new byte[4];
            int length = bytes.getInt();
            bytes.get(name);
            String chunk = new String(name, StandardCharsets.US_ASCII);
            if (chunk.equals("IHDR")) header = ByteBuffer.wrap(png, bytes.position(), length).slice();
            if (chunk.equals("IDAT")) data.write(png, bytes.position(), length);
            bytes.position(bytes.position() + length + 4);
        }
        int kind = header.get(9);
        if (header.get(8) != 8 || header.get(12) != 0 || kind < 0 || kind > 6 || SAMPLES_OF[kind] == 0)
            throw new IllegalArgumentException("depth, colour type or interlace: not supported");
        byte[] raw = new InflaterInputStream(new java.io.ByteArrayInputStream(data.toByteArray())).readAllBytes();
        output.write(statistics(header.getInt(0), header.getInt(4), kind, raw).getBytes(StandardCharsets.UTF_8));
    }

    private String statistics(int width, int height, int kind, byte[] raw) {
        int step = SAMPLES_OF[kind];
        int[] above = new int[width * step];
        long total = 0;
        int least = 255;
        int most = 0;
        int[] bins = new int[4];
        for (int y = 0; y < height; ++y) {
            int at = y * (width * step + 1);
            int[] line = new int[width * step];
            for (int i = 0; i < line.length; ++i) line[i] = raw[at + 1 + i] & 255;
            unfilter(raw[at], line, above, step);
            above = line;
            for (int x = 0; x < line.length; x += step) {
                int light = 0;
                for (int i = 0; i < weights.get(kind).length; ++i) light += weights.get(kind)[i] * line[x + i];
                light /= 1000;
                total += light;
                least = Math.min(least, light);
                most = Math.max(most, light);
                ++bins[light >> 6];
            }
        }
        return String.format("{\"width\":%d,\"height\":%d,\"colorType\":%d,\"mean\":%d,\"least\":%d,\"most\":%d,\"histogram\":%s}",
                width, height, kind, total / ((long) width * height), least, most, Arrays.toString(bins));
    }
}
