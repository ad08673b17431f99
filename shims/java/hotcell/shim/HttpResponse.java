package hotcell.shim;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.servlet.ServletOutputStream;
import javax.servlet.http.Cookie;
import javax.servlet.http.HttpServletResponse;

/** A servlet's response, kept until the handler returns. Text is UTF-8 unless the function says otherwise. */
final class HttpResponse implements HttpServletResponse {
    private static final Pattern CHARSET = Pattern.compile(";\\s*charset=\"?([^;\"\\s]+)", Pattern.CASE_INSENSITIVE);
    private final Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    private final HttpStreams.Output body = new HttpStreams.Output();
    private PrintWriter writer;
    private boolean streamed;
    private boolean committed;
    private int status = SC_OK;
    private String encoding;
    private Locale locale = Locale.getDefault();

    static String charsetOf(String contentType) {
        Matcher found = CHARSET.matcher(contentType == null ? "" : contentType);
        return found.find() ? found.group(1) : null;
    }

    /** Head and body as a RESULT frame's payload. */
    Frame frame() throws IOException {
        if (writer != null) writer.flush();
        ObjectNode head = JsonNodeFactory.instance.objectNode();
        head.put("status", status);
        ObjectNode all = head.putObject("headers");
        headers.forEach((name, values) -> {
            ArrayNode list = all.putArray(name);
            values.forEach(list::add);
        });
        byte[] text = Environment.JSON.writeValueAsBytes(head);
        byte[] size = new byte[4];
        Channel.little(size).putInt(0, text.length);
        Frame frame = new Frame();
        frame.write(size);
        frame.write(text);
        body.bytes.writeTo(frame);
        return frame;
    }

    // ---- status

    @Override
    public void setStatus(int code) {
        if (!committed) status = code;
    }

    @Deprecated
    @Override
    public void setStatus(int code, String message) {
        setStatus(code);
    }

    @Override
    public int getStatus() {
        return status;
    }

    @Override
    public void sendError(int code, String message) {
        resetBuffer();
        status = code;
        if (message != null) {
            setContentType("text/plain;charset=UTF-8");
            body.bytes.writeBytes(message.getBytes(StandardCharsets.UTF_8));
        }
        committed = body.closed = true;
    }

    @Override
    public void sendError(int code) {
        sendError(code, null);
    }

    @Override
    public void sendRedirect(String location) {
        resetBuffer();
        status = SC_FOUND;
        setHeader("Location", location);
        committed = body.closed = true;
    }

    // ---- headers

    @Override
    public void setHeader(String name, String value) {
        if (committed) return;
        if (value == null) headers.remove(name);
        else headers.put(name, new ArrayList<>(List.of(value)));
        if (name.equalsIgnoreCase("Content-Type") && charsetOf(value) != null && writer == null) encoding = charsetOf(value);
    }

    @Override
    public void addHeader(String name, String value) {
        if (name.equalsIgnoreCase("Content-Type")) setHeader(name, value);
        else if (!committed && value != null) headers.computeIfAbsent(name, (unused) -> new ArrayList<>()).add(value);
    }

    @Override
    public boolean containsHeader(String name) {
        return headers.containsKey(name);
    }

    @Override
    public String getHeader(String name) {
        List<String> values = headers.get(name);
        return values == null ? null : values.get(0);
    }

    @Override
    public Collection<String> getHeaders(String name) {
        return Collections.unmodifiableList(headers.getOrDefault(name, List.of()));
    }

    @Override
    public Collection<String> getHeaderNames() {
        return Collections.unmodifiableSet(headers.keySet());
    }

    @Override
    public void setIntHeader(String name, int value) {
        setHeader(name, Integer.toString(value));
    }

    @Override
    public void addIntHeader(String name, int value) {
        addHeader(name, Integer.toString(value));
    }

    @Override
    public void setDateHeader(String name, long date) {
        setHeader(name, dateText(date));
    }

    @Override
    public void addDateHeader(String name, long date) {
        addHeader(name, dateText(date));
    }

    private static String dateText(long millis) {
        return DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
                .format(Instant.ofEpochMilli(millis).atOffset(ZoneOffset.UTC));
    }

    @Override
    public void addCookie(Cookie cookie) {
        StringBuilder text = new StringBuilder(cookie.getName()).append('=').append(cookie.getValue() == null ? "" : cookie.getValue());
        if (cookie.getPath() != null) text.append("; Path=").append(cookie.getPath());
        if (cookie.getDomain() != null) text.append("; Domain=").append(cookie.getDomain());
        if (cookie.getMaxAge() >= 0) text.append("; Max-Age=").append(cookie.getMaxAge());
        if (cookie.getSecure()) text.append("; Secure");
        if (cookie.isHttpOnly()) text.append("; HttpOnly");
        addHeader("Set-Cookie", text.toString());
    }

    @Override
    public void setContentType(String type) {
        setHeader("Content-Type", type);
    }

    @Override
    public String getContentType() {
        return getHeader("Content-Type");
    }

    @Override
    public void setCharacterEncoding(String name) {
        if (writer != null || committed) return;
        encoding = name;
        String type = getContentType();
        if (type != null) setHeader("Content-Type", type.split(";")[0].trim() + (name == null ? "" : ";charset=" + name));
    }

    @Override
    public String getCharacterEncoding() {
        return encoding == null ? "UTF-8" : encoding;
    }

    @Override
    public void setContentLength(int length) {} // the engine counts for itself

    @Override
    public void setContentLengthLong(long length) {}

    @Override
    public void setLocale(Locale value) {
        locale = value;
        setHeader("Content-Language", value.toLanguageTag());
    }

    @Override
    public Locale getLocale() {
        return locale;
    }

    // ---- body

    @Override
    public ServletOutputStream getOutputStream() {
        if (writer != null) throw new IllegalStateException("getWriter has been called");
        streamed = true;
        return body;
    }

    @Override
    public PrintWriter getWriter() {
        if (streamed) throw new IllegalStateException("getOutputStream has been called");
        if (writer == null) writer = new PrintWriter(new OutputStreamWriter(body, Charset.forName(getCharacterEncoding())));
        return writer;
    }

    @Override
    public void flushBuffer() {
        if (writer != null) writer.flush();
        committed = true;
    }

    @Override
    public void resetBuffer() {
        if (committed) throw new IllegalStateException("the response is committed");
        if (writer != null) writer.flush();
        body.bytes.reset();
    }

    @Override
    public void reset() {
        resetBuffer();
        headers.clear();
        status = SC_OK;
        writer = null;
        streamed = false;
        encoding = null;
    }

    @Override
    public boolean isCommitted() {
        return committed;
    }

    @Override
    public void setBufferSize(int size) {}

    @Override
    public int getBufferSize() {
        return Integer.MAX_VALUE;
    }

    @Override
    public String encodeURL(String url) {
        return url;
    }

    @Override
    public String encodeRedirectURL(String url) {
        return url;
    }

    @Deprecated
    @Override
    public String encodeUrl(String url) {
        return url;
    }

    @Deprecated
    @Override
    public String encodeRedirectUrl(String url) {
        return url;
    }
}
