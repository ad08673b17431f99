package example;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.FunctionInitializer;
import com.aliyun.fc.runtime.StreamRequestHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Word frequencies and reading statistics of the text that is the event. The list of common words is read once. */
public class TextStatistics implements StreamRequestHandler, FunctionInitializer {
    private static final Pattern WORD = Pattern.compile("[A-Za-z]+");
    private static final Pattern SENTENCE_END = Pattern.compile("[.!?]+");
    private static final Pattern VOWELS = Pattern.compile("[aeiouy]+");
    private Set<String> common = new HashSet<>();
    private int loads;

    @Override
    public void initialize(Context context) throws IOException {
        common = new HashSet<>(Files.readAllLines(Paths.get("/code/common_words.txt"), StandardCharsets.US_ASCII));
        ++loads;
    }

    private static int count(Pattern pattern, String text) {
        int count = 0;
        for (Matcher found = pattern.matcher(text); found.find();) ++count;
        return count;
    }

    @Override
    public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
        String text = new String(input.readAllBytes(), StandardCharsets.UTF_8);
        int words = 0;
        int syllables = 0;
        Map<String, Integer> counts = new HashMap<>();
        for (Matcher found = WORD.matcher(text); found.find(); ++words) {
            String word = found.group().toLowerCase(Locale.ROOT);
            syllables += Math.max(1, count(VOWELS, word));
            if (!common.contains(word)) counts.merge(word, 1, Integer::sum);
        }
        int sentences = count(SENTENCE_END, text);
        double ease = 206.835 - 1.015 * words / sentences - 84.6 * syllables / words;
        context.getLogger().info(words + " words");
        String frequent = counts.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder()).thenComparing(Map.Entry.comparingByKey()))
                .limit(5)
                .map(one -> "[\"" + one.getKey() + "\"," + one.getValue() + "]")
                .collect(Collectors.joining(","));
        output.write(String.format(Locale.ROOT,
                "{\"words\":%d,\"sentences\":%d,\"syllables\":%d,\"ease\":\"%.2f\",\"frequent\":[%s],\"loads\":%d}",
                words, sentences, syllables, ease, frequent, loads).getBytes(StandardCharsets.UTF_8));
    }
}
