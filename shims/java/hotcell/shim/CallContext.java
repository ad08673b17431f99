package hotcell.shim;

import com.aliyun.fc.runtime.Context;
import com.aliyun.fc.runtime.Credentials;
import com.aliyun.fc.runtime.FunctionComputeLogger;
import com.aliyun.fc.runtime.FunctionParam;
import com.aliyun.fc.runtime.OpenTracing;
import com.aliyun.fc.runtime.Service;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/** The context of one call: what the engine says with the call, beside what it said once on LOAD. */
final class CallContext implements Context {
    private final JsonNode call;
    private final String requestId;
    private final FunctionParam function;
    private final Service service;
    private final FunctionComputeLogger logger;

    CallContext(JsonNode load, JsonNode call) {
        this.call = call;
        requestId = call.path("requestId").asText();
        function = new Parameters(load.path("function"));
        service = new ServiceOfCall(load.path("service"), call.path("qualifier"));
        logger = new Logger(requestId);
    }

    @Override
    public String getRequestId() {
        return requestId;
    }

    @Override
    public Credentials getExecutionCredentials() {
        return new Keys(call.path("credentials"));
    }

    @Override
    public FunctionParam getFunctionParam() {
        return function;
    }

    @Override
    public FunctionComputeLogger getLogger() {
        return logger;
    }

    @Override
    public Service getService() {
        return service;
    }

    @Override
    public OpenTracing getTracing() {
        return NO_TRACING;
    }

    @Override
    public int getRetryCount() {
        return call.path("retryCount").asInt();
    }

    private record Keys(JsonNode keys) implements Credentials {
        @Override
        public String getAccessKeyId() {
            return keys.path("accessKeyId").asText();
        }

        @Override
        public String getAccessKeySecret() {
            return keys.path("accessKeySecret").asText();
        }

        @Override
        public String getSecurityToken() {
            return keys.path("securityToken").asText();
        }
    }

    private record Parameters(JsonNode function) implements FunctionParam {
        @Override
        public String getFunctionName() {
            return function.path("name").asText();
        }

        @Override
        public String getFunctionHandler() {
            return function.path("handler").asText();
        }

        @Override
        public String getFunctionInitializer() {
            return function.path("initializer").asText();
        }

        @Override
        public int getExecTimeLimitInMillis() {
            return function.path("timeout").asInt() * 1000;
        }

        @Override
        public int getMemoryLimitInMB() {
            return function.path("memory").asInt();
        }
    }

    private record ServiceOfCall(JsonNode service, JsonNode qualifier) implements Service {
        @Override
        public String getName() {
            return service.path("name").asText();
        }

        @Override
        public String getLogProject() {
            return service.path("logProject").asText();
        }

        @Override
        public String getLogStore() {
            return service.path("logStore").asText();
        }

        @Override
        public String getQualifier() {
            return qualifier.asText();
        }

        @Override
        public String getVersionId() {
            return service.path("versionId").asText();
        }
    }

    private static final OpenTracing NO_TRACING = new OpenTracing() {
        @Override
        public String getSpanContext() {
            return "";
        }

        @Override
        public Map<String, String> getSpanBaggages() {
            return Map.of();
        }

        @Override
        public String getJaegerEndpoint() {
            return "";
        }
    };

    private record Logger(String requestId) implements FunctionComputeLogger {
        @Override
        public void trace(String text) {
            Output.log(requestId, "TRACE", text);
        }

        @Override
        public void debug(String text) {
            Output.log(requestId, "DEBUG", text);
        }

        @Override
        public void info(String text) {
            Output.log(requestId, "INFO", text);
        }

        @Override
        public void warn(String text) {
            Output.log(requestId, "WARN", text);
        }

        @Override
        public void error(String text) {
            Output.log(requestId, "ERROR", text);
        }
    }
}
