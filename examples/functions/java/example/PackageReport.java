package example;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.StreamRequestHandler;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** A report on a table of packages: the event is CSV with the columns package, section, installed kilobytes. */
public class PackageReport implements StreamRequestHandler {
    private static final class Section {
        int packages;
        long kilobytes;
        String largest = "";
        long of = -1;
    }

    @Override
    public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
        Map<String, Section> sections = new HashMap<>();
        BufferedReader table = new BufferedReader(new InputStreamReader(input, StandardCharsets.UTF_8));
        table.readLine(); // the head
        for (String line; (line = table.readLine()) != null;) {
            String[] row = line.split(",");
            Section section = sections.computeIfAbsent(row[1], name -> new Section());
            long size = Long.parseLong(row[2]);
            ++section.packages;
            section.kilobytes += size;
            if (size > section.of) {
                section.largest = row[0];
                section.of = size;
            }
        }
        if (sections.isEmpty()) throw new IllegalArgumentException("the table has no row");
        String bySize = sections.entrySet().stream()
                .sorted(Comparator.<Map.Entry<String, Section>>comparingLong(one -> -one.getValue().kilobytes).thenComparing(Map.Entry::getKey))
                .limit(3)
                .map(one -> text(one.getKey(), one.getValue()))
                .collect(Collectors.joining(","));
        output.write(("{\"sections\":" + sections.size() + ",\"by_size\":[" + bySize + "]}").getBytes(StandardCharsets.UTF_8));
    }

    private static String text(String name, Section section) {
        return String.format("{\"section\":\"%s\",\"packages\":%d,\"kilobytes\":%d,\"largest\":\"%s\",\"of\":%d}", name,
                section.packages, section.kilobytes, section.largest, section.of);
    }
}
