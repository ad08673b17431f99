// Functions in real sandboxes through the library: deployed, called cold and warm, and every way in which a call can end.
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <future>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/linux/files/files.h"
#include "hotcell/engine.h"
#include "tests/support/build_paths.h"
#include "tests/support/loop_thread.h"
#include "tests/support/requires.h"
#include "tests/support/zip_of.h"

namespace hotcell {
namespace {

using test::zip_of;
using Clock = std::chrono::steady_clock;

constexpr char kPythonEcho[] = "def handler(event, context):\n    return event\n";
constexpr char kNodeEcho[] = "exports.handler = (event, context, callback) => callback(null, event);\n";

EngineOptions options_in(const std::string& directory) {
    EngineOptions options;
    options.state_dir = directory + "/state";
    options.run_dir = directory + "/run";
    options.libexec_dir = test::kBinDir;
    options.shims_dir = test::kShimsDir;
    options.runtimes_dir = options.shims_dir + "/../runtimes";
    options.pooled_slots = 2;
    options.log = [](std::string_view line) {
        std::fprintf(stderr, "engine: %.*s\n", static_cast<int>(line.size()), line.data());
    };
    return options;
}

class FunctionsTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        if (!linux::is_root()) return;
        char name[] = "/tmp/hotcell-functions-XXXXXX";
        directory = ::mkdtemp(name);
        auto opened = Engine::open(options_in(directory));
        ASSERT_TRUE(opened) << opened.error().message();
        engine = new Engine(std::move(*opened));
        Service service;
        service.name = "test";
        ASSERT_TRUE(engine->catalog().create_service(service));
    }
    static void TearDownTestSuite() {
        delete engine;
        linux::remove_tree(directory);
    }
    void SetUp() override { HOTCELL_REQUIRES(::hotcell::testing::root()); }

    static Function python(const std::string& name, const std::string& source, const std::string& initializer = {}) {
        Function function;
        function.service = "test";
        function.name = name;
        function.settings.runtime = "python3";
        function.settings.handler = "index.handler";
        function.settings.initializer = initializer;
        return deploy(std::move(function), "index.py", source);
    }
    static Function node(const std::string& name, const std::string& source, const std::string& initializer = {}) {
        Function function;
        function.service = "test";
        function.name = name;
        function.settings.runtime = "nodejs20";
        function.settings.handler = "index.handler";
        function.settings.initializer = initializer;
        function.settings.memory_mib = 256;
        return deploy(std::move(function), "index.js", source);
    }
    static Function deploy(Function function, const std::string& file, const std::string& source) {
        auto created = engine->catalog().create_function(std::move(function), zip_of({{file, source}}));
        EXPECT_TRUE(created) << created.error().message();
        return created ? *created : Function{};
    }
    static InvokeReport call(const std::string& function, const std::string& event = {}, bool tail = false) {
        InvokeRequest request;
        request.service = "test";
        request.function = function;
        request.event = event;
        request.log_tail = tail;
        auto report = engine->invoke(std::move(request));
        EXPECT_TRUE(report) << report.error().message();
        return report ? *report : InvokeReport{};
    }

    static inline std::string directory;
    static inline Engine* engine = nullptr;
};

/// True once it is so; looks for at most ten seconds.
bool eventually(const std::function<bool()>& is_so) {
    for (int i = 0; i < 5000; ++i) {
        if (is_so()) return true;
        ::poll(nullptr, 0, 2);
    }
    return false;
}

std::string all_bytes() {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
    return bytes;
}

TEST_F(FunctionsTest, APythonFunctionIsStartedOnceAndThenWarm) {
    python("py_echo", kPythonEcho);
    const InvokeReport cold = call("py_echo", all_bytes());
    EXPECT_EQ(cold.outcome, InvokeOutcome::Succeeded) << cold.payload;
    EXPECT_EQ(cold.payload, all_bytes());
    EXPECT_TRUE(cold.start == "prepared" || cold.start == "zygote") << cold.start;
    EXPECT_TRUE(cold.cold);
    const InvokeReport warm = call("py_echo", "again");
    EXPECT_EQ(warm.payload, "again");
    EXPECT_EQ(warm.start, "warm");
    EXPECT_FALSE(warm.cold);
    EXPECT_EQ(warm.instance_id, cold.instance_id);
    const auto kept = engine->invocation(warm.request_id);
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->instance_id, warm.instance_id);
}

TEST_F(FunctionsTest, ANodeFunctionStartsInAPreparedSlotAndIsThenWarm) {
    node("js_echo", kNodeEcho);
    ASSERT_TRUE(eventually([] { return engine->is_ready(); }));
    const InvokeReport cold = call("js_echo", all_bytes());
    EXPECT_EQ(cold.outcome, InvokeOutcome::Succeeded) << cold.payload;
    EXPECT_EQ(cold.payload, all_bytes());
    EXPECT_EQ(cold.start, "prepared");
    EXPECT_EQ(call("js_echo", "again").start, "warm");
}

TEST_F(FunctionsTest, LargeEventsAndResultsArriveWhole) {
    python("py_large", kPythonEcho);
    node("js_large", kNodeEcho);
    std::string event(6 << 20, '\0');
    for (std::size_t i = 0; i < event.size(); ++i) event[i] = static_cast<char>(i * 2654435761u >> 13);
    EXPECT_EQ(call("py_large", event).payload, event);
    EXPECT_EQ(call("js_large", event).payload, event);
    InvokeRequest larger{
        .service = "test", .qualifier = {}, .function = "py_large", .event = event + "x", .request_id = {}};
    const auto refused = engine->invoke(std::move(larger));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "EntityTooLarge");
}

TEST_F(FunctionsTest, TheInitializerRunsOncePerEnvironment) {
    python("py_init",
           "loads = 0\n"
           "def initialize(context):\n    global loads\n    loads += 1\n"
           "def handler(event, context):\n    return str(loads)\n",
           "index.initialize");
    node("js_init",
         "let loads = 0;\n"
         "exports.initialize = (context, callback) => { loads += 1; callback(null); };\n"
         "exports.handler = async () => String(loads);\n",
         "index.initialize");
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(call("py_init").payload, "1");
        EXPECT_EQ(call("js_init").payload, "1");
    }
}

TEST_F(FunctionsTest, AnInitializerThatFailsIsToldAndTriedAgainInANewEnvironment) {
    python("py_bad_init",
           "def initialize(context):\n    raise OSError('no data')\ndef handler(e, c):\n    return 'x'\n",
           "index.initialize");
    const InvokeReport first = call("py_bad_init");
    EXPECT_EQ(first.outcome, InvokeOutcome::InitializationError);
    EXPECT_NE(first.payload.find("no data"), std::string::npos) << first.payload;
    const InvokeReport second = call("py_bad_init");
    EXPECT_EQ(second.outcome, InvokeOutcome::InitializationError);
    EXPECT_NE(second.instance_id, first.instance_id);
}

TEST_F(FunctionsTest, AnExceptionIsAnErrorDocumentAndTheEnvironmentLivesOn) {
    python("py_raise", "def handler(event, context):\n    raise KeyError(event.decode())\n");
    const InvokeReport first = call("py_raise", "a");
    EXPECT_EQ(first.outcome, InvokeOutcome::UnhandledError);
    EXPECT_EQ(first.end, EnvironmentEnd::None);
    EXPECT_NE(first.payload.find("\"errorType\":"), std::string::npos) << first.payload;
    EXPECT_NE(first.payload.find("KeyError"), std::string::npos) << first.payload;
    EXPECT_EQ(call("py_raise", "b").instance_id, first.instance_id);
    node("js_handled", "exports.handler = (e, c, callback) => callback(new TypeError('mine'));\n");
    const InvokeReport handled = call("js_handled");
    EXPECT_EQ(handled.outcome, InvokeOutcome::HandledError);
    EXPECT_NE(handled.payload.find("mine"), std::string::npos) << handled.payload;
}

TEST_F(FunctionsTest, TheLogTailHasWhatEveryProcessInTheSlotWrote) {
    python("py_log",
           "import subprocess, sys\n"
           "def handler(event, context):\n"
           "    print('from stdout')\n"
           "    print('from stderr', file=sys.stderr)\n"
           "    subprocess.run(['/usr/bin/echo', 'from a child'])\n"
           "    context.logger.info('from the logger')\n");
    const InvokeReport report = call("py_log", {}, true);
    for (const char* words : {"from stdout", "from stderr", "from a child", "from the logger", "Memory Size: 128 MB"})
        EXPECT_NE(report.log_tail.find(words), std::string::npos) << words << "\n" << report.log_tail << report.payload;
    EXPECT_NE(report.log_tail.find(report.request_id), std::string::npos) << report.log_tail;
}

TEST_F(FunctionsTest, ATimeoutEndsTheCallAndTheEnvironment) {
    Function function;
    function.service = "test";
    function.name = "py_loop";
    function.settings.runtime = "python3";
    function.settings.handler = "index.handler";
    function.settings.timeout_s = 1;
    deploy(function, "index.py",
           "import signal\n"
           "def handler(event, context):\n"
           "    if event: return 'fine'\n"
           "    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)\n"
           "    while True: pass\n");
    const InvokeReport fine = call("py_loop", "x");
    const auto before = Clock::now();
    const InvokeReport late = call("py_loop");
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - before).count();
    EXPECT_EQ(late.outcome, InvokeOutcome::UnhandledError);
    EXPECT_EQ(late.end, EnvironmentEnd::TimedOut);
    EXPECT_NE(late.payload.find("Function time out after 1 seconds"), std::string::npos) << late.payload;
    EXPECT_GE(took, 1000);
    EXPECT_LE(took, 1200);
    EXPECT_NE(call("py_loop", "x").instance_id, fine.instance_id);
}

TEST_F(FunctionsTest, BeyondItsMemoryACallFailsEvenIfOnlyAChildDied) {
    python("py_memory",
           "import subprocess, sys\n"
           "def handler(event, context):\n"
           "    if event == b'self': data = bytearray(300 << 20)\n"
           "    if event == b'child':\n"
           "        subprocess.run([sys.executable, '-c', 'data = bytearray(300 << 20)'])\n"
           "    return 'fine'\n");
    for (const char* who : {"self", "child"}) {
        const InvokeReport report = call("py_memory", who);
        EXPECT_EQ(report.outcome, InvokeOutcome::UnhandledError) << who;
        EXPECT_EQ(report.end, EnvironmentEnd::OutOfMemory) << who << " " << report.payload;
        EXPECT_NE(report.payload.find("out of memory"), std::string::npos) << report.payload;
        const InvokeReport next = call("py_memory", "x");
        EXPECT_EQ(next.payload, "fine");
        EXPECT_NE(next.instance_id, report.instance_id);
    }
}

TEST_F(FunctionsTest, SuddenEndsAreToldApartAndAtOnce) {
    python("py_exit",
           "import ctypes, os, sys\n"
           "def handler(event, context):\n"
           "    if event == b'exit': os._exit(3)\n"
           "    if event == b'crash': ctypes.string_at(0)\n"
           "    if event == b'close': os.closerange(3, 6); import time; time.sleep(60)\n"
           "    if event == b'noise': os.write(5, b'\\xff' * 64); import time; time.sleep(60)\n"
           "    if event == b'giant':\n"
           "        os.write(5, (1 << 31).to_bytes(4, 'little') + b'\\x06\\0\\0\\0' + b'\\0' * 8); import time; "
           "time.sleep(60)\n"
           "    if event == b'other':\n"
           "        os.write(5, b'\\x01\\0\\0\\0\\x06\\0\\0\\0' + b'\\x63' * 8 + b'x'); import time; time.sleep(60)\n"
           "    return 'fine'\n");
    const std::pair<const char*, const char*> kEnds[] = {{"exit", "exit code 3"},
                                                         {"crash", "signal 11"},
                                                         {"close", "closed the channel"},
                                                         {"noise", "closed the channel"},
                                                         {"giant", "response size exceeds"},
                                                         {"other", "closed the channel"}};
    for (const auto& [how, words] : kEnds) {
        EXPECT_EQ(call("py_exit", "x").payload, "fine");  // warm: what follows is the end's own time
        const auto before = Clock::now();
        const InvokeReport report = call("py_exit", how);
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - before).count();
        EXPECT_EQ(report.outcome, InvokeOutcome::UnhandledError) << how;
        EXPECT_EQ(report.end, EnvironmentEnd::Exited) << how;
        EXPECT_NE(report.payload.find(words), std::string::npos) << how << " " << report.payload;
        // a process that closes its channel is given most of that time to end, which would say more
        EXPECT_LE(took, std::string(words) == "closed the channel" ? 200 : 100) << how;
    }
}

/// Of this process, which the engine is a part of.
std::size_t open_descriptors() { return linux::list_directory("/proc/self/fd").value().size(); }
std::size_t resident_mebibytes() {
#ifdef __SANITIZE_ADDRESS__
    return 0;  // it keeps what was freed
#endif
    std::ifstream file("/proc/self/statm");
    std::size_t size = 0, resident = 0;
    file >> size >> resident;
    return resident >> 8;  // pages of 4 KiB
}

TEST_F(FunctionsTest, DescriptorsRunOutInsideAndNoneArriveOutside) {
    python("py_files",
           "import array, os, socket\n"
           "def handler(event, context):\n"
           "    files = []\n"
           "    try:\n"
           "        while True: files.append(open('/dev/null'))\n"
           "    except OSError as error: count = f'{len(files)} {error.errno}'\n"
           "    numbers = [file.fileno() for file in files[:250]]\n"
           "    if event == b'send': socket.send_fds(socket.socket(fileno=3), [b'x'], numbers); import time; "
           "time.sleep(60)\n"
           "    for file in files: file.close()\n"
           "    return count\n");
    const std::string told = call("py_files").payload;
    EXPECT_NE(told.find(" 24"), std::string::npos) << told;  // EMFILE
    EXPECT_LE(std::atoi(told.c_str()), 1024);
    // slots that are being built have descriptors too: compare at rest
    const auto at_rest = [] {
        const auto pools = engine->describe().pools;
        return std::ranges::all_of(pools, [](const PoolState& pool) { return pool.building == 0 && pool.ready == 2; });
    };
    ASSERT_TRUE(eventually(at_rest));
    const std::size_t before = open_descriptors();
    EXPECT_EQ(call("py_files", "send").outcome, InvokeOutcome::UnhandledError);
    EXPECT_TRUE(eventually([&] { return at_rest() && open_descriptors() <= before + 2; }))
        << open_descriptors() << " descriptors, before " << before;
}

TEST_F(FunctionsTest, AFloodOfLogIsCutAndNobodyHangs) {
    Function function;
    function.service = "test";
    function.name = "py_flood";
    function.settings.runtime = "python3";
    function.settings.handler = "index.handler";
    function.settings.timeout_s = 60;
    deploy(function, "index.py",
           "import os, sys\n"
           "def handler(event, context):\n"
           "    block = b'x' * (1 << 20) if event == b'one line' else (b'x' * 99 + b'\\n') * 10486\n"
           "    for i in range(1024): os.write(1 + i % 2, block)\n"
           "    return 'through'\n");
    for (const char* of : {"one line", "lines"}) {
        std::atomic<std::size_t> most = resident_mebibytes();
        const std::size_t before = most;
        std::atomic<bool> over = false;
        std::thread watch([&] {
            for (; !over; ::poll(nullptr, 0, 1)) most = std::max(most.load(), resident_mebibytes());
        });
        const InvokeReport report = call("py_flood", of, true);
        over = true;
        watch.join();
        EXPECT_EQ(report.payload, "through") << of;
        EXPECT_LE(report.log_tail.size(), 5000u) << of;
        EXPECT_LE(most, before + 16) << of << ", at any moment of the flood";
    }
}

TEST_F(FunctionsTest, AResultThatIsTooLongIsRefusedByItsSize) {
    python("py_response", "def handler(event, context):\n    return 'x' * int(event)\n");
    EXPECT_EQ(call("py_response", std::to_string(6 << 20)).payload.size(), 6u << 20);
    const std::size_t before = resident_mebibytes();
    const InvokeReport report = call("py_response", std::to_string((6 << 20) + 1));
    EXPECT_EQ(report.outcome, InvokeOutcome::UnhandledError);
    EXPECT_NE(report.payload.find("response size exceeds maximum allowed size (6291456 bytes)"), std::string::npos)
        << report.payload;
    EXPECT_LE(resident_mebibytes(), before + 12);
    EXPECT_EQ(call("py_response", "1").payload, "x");
}

TEST_F(FunctionsTest, AForkBombIsContainedAndGone) {
    python("py_bomb",
           "import os\n"
           "def handler(event, context):\n"
           "    made = 0\n"
           "    try:\n"
           "        while True:\n"
           "            if os.fork() == 0:\n"
           "                while True: os.wait() if False else __import__('time').sleep(60)\n"
           "            made += 1\n"
           "    except OSError: return str(made)\n");
    const int made = std::atoi(call("py_bomb").payload.c_str());
    EXPECT_GT(made, 10);
    EXPECT_LT(made, 1024);
    EXPECT_EQ(engine->evict_instances("test", "py_bomb"), 1u);
    EXPECT_TRUE(engine->instances("test", "py_bomb").empty());
}

TEST_F(FunctionsTest, EveryCallerGetsItsOwnToken) {
    python("py_token", kPythonEcho);
    node("js_token", kNodeEcho);
    constexpr int kCallers = 64;
    constexpr int kTokens = 50;
    std::vector<std::thread> callers;
    std::atomic<int> wrong = 0;
    std::mutex mutex;
    std::set<std::string> errors;
    for (int caller = 0; caller < kCallers; ++caller)
        callers.emplace_back([&, caller] {
            for (int i = 0; i < kTokens; ++i) {
                InvokeRequest request;
                request.service = "test";
                request.function = (caller + i) % 2 == 0 ? "py_token" : "js_token";
                request.event = "token-" + std::to_string(caller) + "-" + std::to_string(i);
                const std::string expected = request.event;
                auto report = engine->invoke(std::move(request));
                if (report && report->outcome == InvokeOutcome::Succeeded && report->payload == expected) continue;
                ++wrong;
                const std::scoped_lock lock(mutex);
                errors.insert(report ? report->payload : report.error().message());
            }
        });
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(wrong, 0) << *errors.begin();
}

TEST_F(FunctionsTest, AnUpdateServesTheNextCallInANewEnvironment) {
    python("py_update", "def handler(event, context):\n    return 'one'\n");
    const InvokeReport first = call("py_update");
    EXPECT_EQ(first.payload, "one");
    FunctionChange change;
    change.zip = zip_of({{"index.py", "def handler(event, context):\n    return 'two'\n"}});
    ASSERT_TRUE(engine->catalog().update_function("test", "py_update", change));
    const InvokeReport second = call("py_update");
    EXPECT_EQ(second.payload, "two");
    EXPECT_NE(second.instance_id, first.instance_id);
    ASSERT_TRUE(engine->catalog().delete_function("test", "py_update"));
    InvokeRequest request{.service = "test", .qualifier = {}, .function = "py_update", .event = {}, .request_id = {}};
    const auto gone = engine->invoke(std::move(request));
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, "FunctionNotFound");
}

TEST_F(FunctionsTest, ABadPackageIsRefusedAndNothingIsCreated) {
    Function function;
    function.service = "test";
    function.name = "bad";
    function.settings.runtime = "python3";
    function.settings.handler = "index.handler";
    for (const std::string& zip : {std::string("PK\3\4 no zip at all"), std::string(), zip_of({{"../up.py", "x"}}),
                                   zip_of({{"/abs.py", "x"}}), zip_of({{"a\\b", "x"}})}) {
        const auto refused = engine->catalog().create_function(function, zip);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().kind, ErrorKind::InvalidArgument) << refused.error().message();
        EXPECT_FALSE(refused.error().message().empty());
    }
    EXPECT_EQ(engine->catalog().get_function("test", "bad").error().code, "FunctionNotFound");
}

TEST_F(FunctionsTest, IdleEnvironmentsAreFrozenAndThawed) {
    python("py_frozen",
           "import threading, time\n"
           "ticks = 0\n"
           "def tick():\n"
           "    global ticks\n"
           "    while True: ticks += 1; time.sleep(0.001)\n"
           "threading.Thread(target=tick, daemon=True).start()\n"
           "def handler(event, context):\n"
           "    return str(ticks)\n");
    const InvokeReport first = call("py_frozen");
    const auto is_frozen = [&] {
        const auto all = engine->instances("test", "py_frozen");
        return all.size() == 1 && all[0].state == "frozen";
    };
    ASSERT_TRUE(eventually(is_frozen));
    ::poll(nullptr, 0, 300);  // time in which the thread must not run
    const InvokeReport second = call("py_frozen");
    EXPECT_EQ(second.instance_id, first.instance_id);
    EXPECT_LT(std::atoi(second.payload.c_str()) - std::atoi(first.payload.c_str()), 150);
}

TEST(FunctionLimits, InstancesAndMemoryRefuseWithAReason) {
    HOTCELL_REQUIRES(testing::root());
    char name[] = "/tmp/hotcell-limits-XXXXXX";
    const std::string directory = ::mkdtemp(name);
    {
        EngineOptions options = options_in(directory);
        options.most_instances_per_function = 2;
        options.memory_budget = mebibytes(640);
        auto engine = Engine::open(options);
        ASSERT_TRUE(engine) << engine.error().message();
        Service service;
        service.name = "s";
        ASSERT_TRUE(engine->catalog().create_service(service));
        Function function;
        function.service = "s";
        function.name = "slow";
        function.settings.runtime = "python3";
        function.settings.handler = "index.handler";
        function.settings.timeout_s = 10;
        const std::string zip =
            zip_of({{"index.py", "import time\ndef handler(e, c):\n    time.sleep(0.5)\n    return 'x'\n"}});
        ASSERT_TRUE(engine->catalog().create_function(function, zip));
        function.name = "large";
        function.settings.memory_mib = 512;
        ASSERT_TRUE(engine->catalog().create_function(function, zip));
        const auto ask = [&](const char* what) {
            auto promise = std::make_shared<std::promise<Result<InvokeReport>>>();
            auto result = promise->get_future();
            engine->invoke({.service = "s", .qualifier = {}, .function = what, .event = {}, .request_id = {}},
                           [promise](Result<InvokeReport> report) { promise->set_value(std::move(report)); });
            return result;
        };
        auto one = ask("slow"), two = ask("slow"), three = ask("slow"), large = ask("large");
        const auto refused = three.get();
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().kind, ErrorKind::Exhausted);
        EXPECT_NE(refused.error().message().find("at most 2"), std::string::npos) << refused.error().message();
        const auto no_memory = large.get();
        ASSERT_FALSE(no_memory);
        EXPECT_NE(no_memory.error().message().find("memory"), std::string::npos) << no_memory.error().message();
        EXPECT_TRUE(one.get());
        EXPECT_TRUE(two.get());
        // idle ones give way
        const auto served = ask("large").get();
        ASSERT_TRUE(served) << served.error().message();
        EXPECT_EQ(served->payload, "x");
    }
    linux::remove_tree(directory);
}

TEST(FunctionCatalog, SurvivesTheEngine) {
    HOTCELL_REQUIRES(testing::root());
    char name[] = "/tmp/hotcell-again-XXXXXX";
    const std::string directory = ::mkdtemp(name);
    for (int life = 0; life < 2; ++life) {
        auto engine = Engine::open(options_in(directory));
        ASSERT_TRUE(engine) << engine.error().message();
        if (life == 0) {
            Service service;
            service.name = "s";
            ASSERT_TRUE(engine->catalog().create_service(service));
            Function function;
            function.service = "s";
            function.name = "f";
            function.settings.runtime = "python3";
            function.settings.handler = "index.handler";
            ASSERT_TRUE(engine->catalog().create_function(function, zip_of({{"index.py", kPythonEcho}})));
        }
        const auto report =
            engine->invoke({.service = "s", .qualifier = {}, .function = "f", .event = "x", .request_id = {}});
        ASSERT_TRUE(report) << report.error().message();
        EXPECT_EQ(report->payload, "x") << life;
    }
    linux::remove_tree(directory);
}

TEST(FunctionsOnALoopOfTheHost, AreCalledAndAnsweredThereWithoutAHandOver) {
    HOTCELL_REQUIRES(::hotcell::testing::root());
    char name[] = "/tmp/hotcell-functions-XXXXXX";
    const std::string directory = ::mkdtemp(name);
    LoopThread host;
    {
        auto engine = Engine::open(options_in(directory), host.loop());
        ASSERT_TRUE(engine) << engine.error().message();
        Service service;
        service.name = "test";
        ASSERT_TRUE(engine->catalog().create_service(service));
        Function function;
        function.service = "test";
        function.name = "echo";
        function.settings.runtime = "python3";
        function.settings.handler = "index.handler";
        ASSERT_TRUE(engine->catalog().create_function(function, zip_of({{"index.py", kPythonEcho}})));
        InvokeRequest request;
        request.service = "test";
        request.function = "echo";
        request.event = "first";
        ASSERT_EQ(engine->invoke(request)->payload, "first");  // from another thread than the loop's

        std::promise<std::vector<std::string>> all;
        auto answers = std::make_shared<std::vector<std::string>>();
        std::function<void()> next = [&] {  // each call is made from within the answer to the one before it
            engine->invoke(request, [&, answers](Result<InvokeReport> report) {
                answers->push_back((report ? report->start : report.error().message()) +
                                   (host.loop().is_here() ? " here" : " elsewhere"));
                if (answers->size() == 20) return all.set_value(*answers);
                next();
            });
        };
        host.loop().post(next);
        EXPECT_EQ(all.get_future().get(), std::vector<std::string>(20, "warm here"));
        EXPECT_EQ(engine->instances("test", "echo").size(), 1u);
    }
    std::promise<void> still_works;  // the engine has gone, the loop is the host's
    host.loop().post([&] { still_works.set_value(); });
    still_works.get_future().wait();
    linux::remove_tree(directory);
}

}  // namespace
}  // namespace hotcell
