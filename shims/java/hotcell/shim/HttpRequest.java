package hotcell.shim;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UnsupportedEncodingException;
import java.net.URLDecoder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.servlet.AsyncContext;
import javax.servlet.DispatcherType;
import javax.servlet.RequestDispatcher;
import javax.servlet.ServletContext;
import javax.servlet.ServletException;
import javax.servlet.ServletInputStream;
import javax.servlet.ServletRequest;
import javax.servlet.ServletResponse;
import javax.servlet.http.Cookie;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import javax.servlet.http.HttpSession;
import javax.servlet.http.HttpUpgradeHandler;
import javax.servlet.http.Part;

/**
 * An HTTP call as a servlet's request. The context path is the function's own (/2016-08-15/proxy/…), what follows is the path info.
 *
 * What needs a servlet container (sessions, dispatchers, asynchronous requests, multipart) is not there, as the methods say.
 */
final class HttpRequest implements HttpServletRequest {
    private final JsonNode http;
    private final byte[] bytes;
    private final int begin;
    private final int end;
    private final Map<String, Object> attributes = new HashMap<>();
    private String encoding;
    private Map<String, String[]> parameters;
    private ServletInputStream stream;
    private BufferedReader reader;

    HttpRequest(JsonNode http, CallContext context, byte[] bytes, int begin, int end) {
        this.http = http;
        this.bytes = bytes;
        this.begin = begin;
        this.end = end;
        attributes.put("FC_REQUEST_PATH", text("path"));
        attributes.put("FC_REQUEST_URI", text("requestURI"));
        attributes.put("FC_REQUEST_CLIENT_IP", text("clientIP"));
        attributes.put("FC_CONTEXT", context);
    }

    private String text(String key) {
        return http.path(key).asText();
    }

    private JsonNode header(String name) {
        return http.path("headers").path(name.toLowerCase(Locale.ROOT));
    }

    private static List<String> values(JsonNode list) {
        List<String> values = new ArrayList<>();
        for (JsonNode one : list) values.add(one.asText());
        return values;
    }

    // ---- the request line

    @Override
    public String getMethod() {
        return text("method");
    }

    @Override
    public String getRequestURI() {
        String uri = text("requestURI");
        int query = uri.indexOf('?');
        return query < 0 ? uri : uri.substring(0, query);
    }

    @Override
    public StringBuffer getRequestURL() {
        return new StringBuffer(getScheme()).append("://").append(text("host")).append(getRequestURI());
    }

    @Override
    public String getQueryString() {
        String uri = text("requestURI");
        int query = uri.indexOf('?');
        return query < 0 ? null : uri.substring(query + 1);
    }

    @Override
    public String getContextPath() {
        String uri = getRequestURI();
        String path = text("path");
        return uri.endsWith(path) ? uri.substring(0, uri.length() - path.length()) : "";
    }

    @Override
    public String getServletPath() {
        return "";
    }

    @Override
    public String getPathInfo() {
        return text("path");
    }

    @Override
    public String getPathTranslated() {
        return null;
    }

    @Override
    public String getProtocol() {
        return "HTTP/1.1";
    }

    @Override
    public String getScheme() {
        return isSecure() ? "https" : "http";
    }

    @Override
    public boolean isSecure() {
        return "https".equals(getHeader("x-forwarded-proto"));
    }

    // ---- headers

    @Override
    public String getHeader(String name) {
        JsonNode first = header(name).path(0);
        return first.isMissingNode() ? null : first.asText();
    }

    @Override
    public Enumeration<String> getHeaders(String name) {
        return Collections.enumeration(values(header(name)));
    }

    @Override
    public Enumeration<String> getHeaderNames() {
        List<String> names = new ArrayList<>();
        http.path("headers").fieldNames().forEachRemaining(names::add);
        return Collections.enumeration(names);
    }

    @Override
    public int getIntHeader(String name) {
        String value = getHeader(name);
        return value == null ? -1 : Integer.parseInt(value);
    }

    @Override
    public long getDateHeader(String name) {
        String value = getHeader(name);
        if (value == null) return -1;
        try {
            return ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant().toEpochMilli();
        } catch (DateTimeParseException wrong) {
            throw new IllegalArgumentException(name + ": '" + value + "' is not a date");
        }
    }

    @Override
    public Cookie[] getCookies() {
        List<Cookie> cookies = new ArrayList<>();
        for (String line : values(header("cookie")))
            for (String pair : line.split(";")) {
                int equals = pair.indexOf('=');
                if (equals <= 0) continue;
                try {
                    cookies.add(new Cookie(pair.substring(0, equals).trim(), pair.substring(equals + 1).trim()));
                } catch (IllegalArgumentException badName) {
                    continue; // as containers do: one bad cookie is no reason to refuse the request
                }
            }
        return cookies.isEmpty() ? null : cookies.toArray(Cookie[]::new);
    }

    @Override
    public Locale getLocale() {
        return getLocales().nextElement();
    }

    @Override
    public Enumeration<Locale> getLocales() {
        List<Locale> locales = new ArrayList<>();
        String accepted = getHeader("accept-language");
        try {
            if (accepted != null)
                for (Locale.LanguageRange range : Locale.LanguageRange.parse(accepted))
                    if (!range.getRange().equals("*")) locales.add(Locale.forLanguageTag(range.getRange()));
        } catch (IllegalArgumentException wrong) {
            locales.clear();
        }
        if (locales.isEmpty()) locales.add(Locale.getDefault());
        return Collections.enumeration(locales);
    }

    // ---- the body

    @Override
    public String getCharacterEncoding() {
        return encoding != null ? encoding : HttpResponse.charsetOf(getContentType());
    }

    @Override
    public void setCharacterEncoding(String name) throws UnsupportedEncodingException {
        if (!Charset.isSupported(name)) throw new UnsupportedEncodingException(name);
        encoding = name;
    }

    private Charset charset() {
        String name = getCharacterEncoding();
        return name == null ? StandardCharsets.UTF_8 : Charset.forName(name);
    }

    @Override
    public int getContentLength() {
        return end - begin;
    }

    @Override
    public long getContentLengthLong() {
        return end - begin;
    }

    @Override
    public String getContentType() {
        return getHeader("content-type");
    }

    @Override
    public ServletInputStream getInputStream() {
        if (reader != null) throw new IllegalStateException("getReader has been called");
        if (stream == null) stream = new HttpStreams.Input(bytes, begin, end);
        return stream;
    }

    @Override
    public BufferedReader getReader() {
        if (reader != null) return reader;
        if (stream != null) throw new IllegalStateException("getInputStream has been called");
        return reader = new BufferedReader(new InputStreamReader(new HttpStreams.Input(bytes, begin, end), charset()));
    }

    // ---- parameters: of the query, then of a form

    @Override
    public Map<String, String[]> getParameterMap() {
        if (parameters == null) {
            Map<String, List<String>> all = new LinkedHashMap<>();
            http.path("queries").fields().forEachRemaining((one) -> all.put(one.getKey(), values(one.getValue())));
            String type = getContentType();
            if (type != null && type.toLowerCase(Locale.ROOT).startsWith("application/x-www-form-urlencoded")) addForm(all);
            Map<String, String[]> made = new LinkedHashMap<>();
            all.forEach((name, list) -> made.put(name, list.toArray(String[]::new)));
            parameters = Collections.unmodifiableMap(made);
        }
        return parameters;
    }

    private void addForm(Map<String, List<String>> all) {
        for (String pair : new String(bytes, begin, end - begin, StandardCharsets.ISO_8859_1).split("&")) {
            if (pair.isEmpty()) continue;
            int equals = pair.indexOf('=');
            String name = URLDecoder.decode(equals < 0 ? pair : pair.substring(0, equals), charset());
            String value = equals < 0 ? "" : URLDecoder.decode(pair.substring(equals + 1), charset());
            all.computeIfAbsent(name, (unused) -> new ArrayList<>()).add(value);
        }
    }

    @Override
    public String getParameter(String name) {
        String[] values = getParameterMap().get(name);
        return values == null || values.length == 0 ? null : values[0];
    }

    @Override
    public Enumeration<String> getParameterNames() {
        return Collections.enumeration(getParameterMap().keySet());
    }

    @Override
    public String[] getParameterValues(String name) {
        return getParameterMap().get(name);
    }

    // ---- attributes

    @Override
    public Object getAttribute(String name) {
        return attributes.get(name);
    }

    @Override
    public Enumeration<String> getAttributeNames() {
        return Collections.enumeration(new ArrayList<>(attributes.keySet()));
    }

    @Override
    public void setAttribute(String name, Object value) {
        if (value == null) attributes.remove(name);
        else attributes.put(name, value);
    }

    @Override
    public void removeAttribute(String name) {
        attributes.remove(name);
    }

    // ---- who talks to whom

    @Override
    public String getServerName() {
        String host = text("host");
        int colon = host.lastIndexOf(':');
        return colon > host.indexOf(']') ? host.substring(0, colon) : host;
    }

    @Override
    public int getServerPort() {
        String host = text("host");
        int colon = host.lastIndexOf(':');
        try {
            if (colon > host.indexOf(']')) return Integer.parseInt(host.substring(colon + 1));
        } catch (NumberFormatException noPort) {
            return isSecure() ? 443 : 80;
        }
        return isSecure() ? 443 : 80;
    }

    @Override
    public String getRemoteAddr() {
        return text("clientIP");
    }

    @Override
    public String getRemoteHost() {
        return text("clientIP");
    }

    @Override
    public int getRemotePort() {
        return 0;
    }

    @Override
    public String getLocalName() {
        return getServerName();
    }

    @Override
    public String getLocalAddr() {
        return "127.0.0.1";
    }

    @Override
    public int getLocalPort() {
        return getServerPort();
    }

    @Override
    public String getAuthType() {
        return null;
    }

    @Override
    public String getRemoteUser() {
        return null;
    }

    @Override
    public boolean isUserInRole(String role) {
        return false;
    }

    @Override
    public java.security.Principal getUserPrincipal() {
        return null;
    }

    // ---- what a servlet container would do

    @Override
    public HttpSession getSession(boolean create) {
        if (create) throw new IllegalStateException("a function has no sessions: its instances come and go");
        return null;
    }

    @Override
    public HttpSession getSession() {
        return getSession(true);
    }

    @Override
    public String getRequestedSessionId() {
        return null;
    }

    @Override
    public String changeSessionId() {
        throw new IllegalStateException("there is no session");
    }

    @Override
    public boolean isRequestedSessionIdValid() {
        return false;
    }

    @Override
    public boolean isRequestedSessionIdFromCookie() {
        return false;
    }

    @Override
    public boolean isRequestedSessionIdFromURL() {
        return false;
    }

    @Deprecated
    @Override
    public boolean isRequestedSessionIdFromUrl() {
        return false;
    }

    @Override
    public boolean authenticate(HttpServletResponse response) {
        return false;
    }

    @Override
    public void login(String name, String password) throws ServletException {
        throw new ServletException("a function has no users");
    }

    @Override
    public void logout() {}

    @Override
    public Collection<Part> getParts() throws ServletException {
        throw new ServletException("multipart bodies are the function's to read, from getInputStream");
    }

    @Override
    public Part getPart(String name) throws ServletException {
        return getParts().iterator().next();
    }

    @Override
    public <T extends HttpUpgradeHandler> T upgrade(Class<T> handler) throws IOException {
        throw new IOException("the connection is the engine's");
    }

    @Override
    public RequestDispatcher getRequestDispatcher(String path) {
        return null;
    }

    @Deprecated
    @Override
    public String getRealPath(String path) {
        return null;
    }

    @Override
    public ServletContext getServletContext() {
        return null;
    }

    @Override
    public AsyncContext startAsync() {
        throw new IllegalStateException("asynchronous requests are not supported");
    }

    @Override
    public AsyncContext startAsync(ServletRequest request, ServletResponse response) {
        return startAsync();
    }

    @Override
    public boolean isAsyncStarted() {
        return false;
    }

    @Override
    public boolean isAsyncSupported() {
        return false;
    }

    @Override
    public AsyncContext getAsyncContext() {
        throw new IllegalStateException("asynchronous requests are not supported");
    }

    @Override
    public DispatcherType getDispatcherType() {
        return DispatcherType.REQUEST;
    }
}
