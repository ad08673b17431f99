// The commands of `hotcell` about functions, against a real server over a service in memory.
#include <zip.h>

#include "engine/linux/sockets/tcp_listener.h"
#include "tests/api/command_line.h"

#define EXPECT_HAS(text, words) EXPECT_NE((text).find(words), std::string::npos) << (text)

namespace hotcell::api {

namespace {

class FunctionCommandLine : public CommandLineTest {
protected:
    void SetUp() override { start(); }

    /// Names and modes of a package's entries, and the content of each.
    static std::map<std::string, std::pair<std::uint32_t, std::string>> entries_of(const std::string& package) {
        std::map<std::string, std::pair<std::uint32_t, std::string>> entries;
        zip_source_t* source = ::zip_source_buffer_create(package.data(), package.size(), 0, nullptr);
        zip_t* archive = ::zip_open_from_source(source, ZIP_RDONLY, nullptr);
        if (archive == nullptr) return entries;
        for (zip_int64_t i = 0; i < ::zip_get_num_entries(archive, 0); ++i) {
            const auto index = static_cast<zip_uint64_t>(i);
            zip_uint8_t system = 0;
            zip_uint32_t attributes = 0;
            ::zip_file_get_external_attributes(archive, index, 0, &system, &attributes);
            std::string content(1'000, '\0');
            zip_file_t* file = ::zip_fopen_index(archive, index, 0);
            content.resize(static_cast<std::size_t>(::zip_fread(file, content.data(), content.size())));
            ::zip_fclose(file);
            entries[::zip_get_name(archive, index, 0)] = {attributes >> 16, content};
        }
        ::zip_discard(archive);
        return entries;
    }
    Function kept(const std::string& name = "resize") {
        return catalog_.get_function("img", name, "").value_or(Function{});
    }
};

TEST_F(FunctionCommandLine, DeploysADirectoryIntoANewService) {
    write_file("code/index.py", "def handler(event, context): return event\n");
    write_file("code/lib/words.py", "WORDS = 1\n");
    const auto tool = write_file("code/bin/tool", "#!/bin/sh\n");
    std::filesystem::permissions(tool, std::filesystem::perms::owner_exec, std::filesystem::perm_options::add);
    std::filesystem::create_symlink("index.py", directory_ + "/code/main.py");
    std::filesystem::create_directory(directory_ + "/code/empty");
    const auto command =
        "deploy img/resize --runtime python3 --handler index.handler --initializer index.init "
        "--memory 256 --timeout 10s --env A=1 --env B=x=y --code " +
        directory_ + "/code";
    const auto made = hotcell(command);
    EXPECT_EQ(made.status, 0) << made.err;
    EXPECT_TRUE(made.out.starts_with("created img/resize: python3 index.handler, memory 256 MB, timeout 10 s, code "))
        << made.out;
    const auto entries = entries_of(catalog_.zip());
    ASSERT_EQ(entries.size(), 5u);
    EXPECT_EQ(entries.at("index.py"),
              (std::pair<std::uint32_t, std::string>{0100644, "def handler(event, context): return event\n"}));
    EXPECT_EQ(entries.at("lib/words.py").first, 0100644u);
    EXPECT_EQ(entries.at("bin/tool").first, 0100755u);
    EXPECT_EQ(entries.at("main.py"), (std::pair<std::uint32_t, std::string>{0120777, "index.py"}));
    EXPECT_EQ(entries.at("empty/").first, 040755u);
    const auto function = kept();
    EXPECT_EQ(function.settings.initializer, "index.init");
    EXPECT_EQ(function.settings.memory_mib, 256u);
    EXPECT_EQ(function.settings.timeout_s, 10u);
    EXPECT_EQ(function.settings.environment, (std::map<std::string, std::string>{{"A", "1"}, {"B", "x=y"}}));

    const auto first = catalog_.zip();
    const auto again = hotcell(command);
    EXPECT_TRUE(again.out.starts_with("changed img/resize")) << again.out << again.err;
    EXPECT_EQ(catalog_.zip(), first);  // the same tree, the same bytes
}

TEST_F(FunctionCommandLine, LeavesOutWhatIgnoreFilesName) {
    write_file("code/index.py", "def handler(event, context): return event\n");
    write_file("code/.fcignore", "*.log\n!keep.log\n/build/\nnode_modules\n");
    for (const char* name : {"code/a.log", "code/keep.log", "code/build/x.o", "code/lib/build/y.py",
                             "code/lib/node_modules/z/keep.log", "code/lib/.fcignore"})
        write_file(name, "x\n");
    std::filesystem::create_symlink("index.py", directory_ + "/code/link.log");
    std::filesystem::create_directory_symlink("/", directory_ + "/code/lib/all");
    const auto made =
        hotcell("deploy img/resize --runtime python3 --handler index.handler --code " + directory_ + "/code");
    EXPECT_EQ(made.status, 0) << made.err;
    std::vector<std::string> names;
    for (const auto& [name, entry] : entries_of(catalog_.zip())) names.push_back(name);
    EXPECT_EQ(names, (std::vector<std::string>{"index.py", "keep.log", "lib/.fcignore", "lib/all", "lib/build/y.py"}));
    write_file("code/.fcignore", "*\n");
    EXPECT_HAS(hotcell("deploy img/resize --code " + directory_ + "/code").err, "has no file");
}

TEST_F(FunctionCommandLine, SaysWhatIsTooLargeBeforeItIsSent) {
    write_file("code/index.py", "x\n");
    for (const auto& [name, mebibytes] : {std::pair{"a.bin", 90}, {"lib/b.bin", 100}, {"c.bin", 75}, {"d.bin", 1}}) {
        const auto path = write_file(std::string("code/") + name, "");
        std::filesystem::resize_file(path, static_cast<std::uintmax_t>(mebibytes) << 20);  // takes no place on the disk
    }
    const auto code = directory_ + "/code";
    auto ended = hotcell("deploy img/resize --runtime python3 --handler i.h --code " + code);
    EXPECT_EQ(ended.status, 3);
    EXPECT_EQ(ended.err,
              "error: " + code +
                  ": its files are 266.00 MiB (278921218 bytes), at most 250.00 MiB are allowed; largest: lib/b.bin "
                  "100.00 MiB, a.bin 90.00 MiB, c.bin 75.00 MiB\n"
                  "hint: name what the function does not need in .fcignore, or put it into a layer\n");
    EXPECT_TRUE(
        hotcell("deploy img/resize -o json --code " + code).err.starts_with(R"({"error":{"code":"EntityTooLarge")"));

    const auto zip = directory_ + "/made.zip";
    zip_t* archive = ::zip_open(zip.c_str(), ZIP_CREATE, nullptr);
    ASSERT_NE(archive, nullptr);
    for (const auto& [name, file] : {std::pair{"a", "/code/c.bin"}, {"b", "/code/d.bin"}}) {
        zip_source_t* source = ::zip_source_file(archive, (directory_ + file).c_str(), 0, -1);
        const auto index = ::zip_file_add(archive, name, source, 0);
        ASSERT_GE(index, 0);
        ::zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
    }
    ASSERT_EQ(::zip_close(archive), 0);
    ended = hotcell("deploy img/resize --runtime python3 --handler i.h --code " + zip);
    EXPECT_EQ(ended.status, 3);
    EXPECT_HAS(ended.err, ": the package is 76.00 MiB (");
    EXPECT_HAS(ended.err, "at most 75.00 MiB are allowed; largest: a 75.00 MiB, b 1.00 MiB\n");
    EXPECT_EQ(catalog_.functions(), 0u) << "nothing was sent";
}

TEST_F(FunctionCommandLine, ChangesOnlyWhatIsGiven) {
    const auto script = write_file("index.py", "x = 1\n");
    ASSERT_EQ(hotcell("deploy img/resize --runtime python3 --handler index.h --env A=1 --code " + script).status, 0);
    EXPECT_EQ(entries_of(catalog_.zip()).begin()->first, "index.py");
    const auto changed = hotcell("deploy img/resize --memory 512MiB -o json");
    EXPECT_EQ(changed.status, 0) << changed.err;
    EXPECT_TRUE(changed.out.starts_with(R"({"functionName":"resize")")) << changed.out;
    EXPECT_EQ(kept().settings.memory_mib, 512u);
    EXPECT_EQ(kept().settings.handler, "index.h");
    EXPECT_EQ(kept().settings.environment.at("A"), "1");
    ASSERT_EQ(hotcell("deploy img/crop --runtime python3 --handler crop.h --code " + script).status, 0);
    EXPECT_EQ(catalog_.services(), 1u);
    EXPECT_EQ(catalog_.functions(), 2u);
    const auto package = write_file("made.zip", "PK any bytes");
    ASSERT_EQ(hotcell("deploy img/resize --code " + package).status, 0);
    EXPECT_EQ(catalog_.zip(), "PK any bytes");
}

TEST_F(FunctionCommandLine, SaysWhatIsWrongWithADeployment) {
    const auto script = write_file("index.py", "x = 1\n");
    const auto new_one = hotcell("deploy img/resize --code " + script);
    EXPECT_EQ(new_one.status, 3);
    EXPECT_TRUE(new_one.err.starts_with("error: runtime: is missing\n")) << new_one.err;
    EXPECT_HAS(new_one.err, "request: ");
    EXPECT_EQ(hotcell("deploy resize").status, 2);
    EXPECT_EQ(hotcell("deploy img/resize@prod").status, 3);
    EXPECT_EQ(hotcell("deploy img/resize --code /nonexistent").status, 3);
    EXPECT_EQ(hotcell("deploy img/resize --memory 1.5K").status, 3);
    EXPECT_EQ(hotcell("deploy img/resize --timeout 1500ms").status, 3);
    EXPECT_EQ(hotcell("deploy img/resize --env NOVALUE").status, 3);
    EXPECT_EQ(hotcell("deploy \"1img/resize\" --runtime python3").status, 3);
    std::filesystem::create_directory(directory_ + "/nothing");
    EXPECT_HAS(hotcell("deploy img/resize --code " + directory_ + "/nothing").err, "has no file");
    EXPECT_EQ(catalog_.functions(), 0u);
}

TEST_F(FunctionCommandLine, Invokes) {
    const auto event = write_file("event", "from a file");
    EXPECT_EQ(hotcell("invoke img/resize -e 'just text'").out, "just text");
    EXPECT_EQ(hotcell("invoke img/resize -f " + event).out, "from a file");
    EXPECT_EQ(hotcell("invoke img/resize@LATEST -s <" + event).out, "from a file");
    EXPECT_EQ(hotcell("invoke img.LATEST/resize").out, "");
    EXPECT_EQ(hotcell("invoke img/resize -e a -s").status, 2);
    EXPECT_EQ(hotcell("invoke img/resize@7").status, 0);
    EXPECT_EQ(calls_.calls().back().qualifier, "7");
    EXPECT_EQ(hotcell("invoke img").status, 2);
    EXPECT_EQ(hotcell("invoke img/resize -f /nonexistent").status, 3);
    EXPECT_EQ(calls_.calls().at(2).qualifier, "LATEST");
    const auto told = hotcell("invoke img/resize -e x --log --phases");
    EXPECT_EQ(told.out, "x");
    EXPECT_TRUE(told.err.starts_with("a line of the log\n")) << told.err;
    EXPECT_HAS(told.err, "handler                                   3870.0");
    EXPECT_HAS(told.err, "start warm, instance c-1, request ");
}

TEST_F(FunctionCommandLine, EndsWith1WhenTheFunctionFailed) {
    calls_.answer_ = [](const InvokeRequest&) {
        InvokeReport report;
        report.outcome = InvokeOutcome::UnhandledError;
        report.payload = R"({"errorMessage":"no"})";
        return report;
    };
    auto ended = hotcell("invoke img/resize");
    EXPECT_EQ(ended.status, 1);
    EXPECT_EQ(ended.out, R"({"errorMessage":"no"})");
    EXPECT_TRUE(ended.err.starts_with("hotcell: UnhandledInvocationError, request ")) << ended.err;
    ended = hotcell("invoke img/resize -o json");
    EXPECT_EQ(ended.status, 1);
    EXPECT_HAS(ended.out, R"("errorType":"UnhandledInvocationError")");
    EXPECT_HAS(ended.out, R"("payload":"{\"errorMessage\":\"no\"}","payloadEncoding":"utf-8")");
    calls_.answer_ = [](const InvokeRequest&) {
        return std::unexpected(Error{ErrorKind::Exhausted, 0, "too many calls", "", ""});
    };
    EXPECT_EQ(hotcell("invoke img/resize").status, 6);
}

TEST_F(FunctionCommandLine, ListsAndRemoves) {
    const auto script = write_file("index.py", "x = 1\n");
    for (const char* name : {"img/resize", "img/crop", "text/count"})
        ASSERT_EQ(hotcell(std::string("deploy ") + name + " --runtime python3 --handler i.h --code " + script).status,
                  0);
    const auto all = hotcell("ls");
    EXPECT_TRUE(
        all.out.starts_with("SERVICE  FUNCTION  RUNTIME  HANDLER  MEMORY  TIMEOUT  CHANGED\n"
                            "img      crop      python3  i.h      128 MB  3 s      2016-11-02T08:00:00.123Z\n"))
        << all.out;
    EXPECT_HAS(all.out, "text     count");
    EXPECT_EQ(hotcell("ls text").out.find("img"), std::string::npos);
    EXPECT_TRUE(hotcell("ls -o json").out.starts_with(R"([{"functionName":"crop")"));
    EXPECT_EQ(hotcell("ls nothing").status, 4);
    EXPECT_EQ(hotcell("rm img/crop </dev/null").status, 2);
    EXPECT_EQ(catalog_.functions(), 3u);
    EXPECT_EQ(hotcell("rm -y img/crop").status, 0);
    EXPECT_EQ(hotcell("rm -y img/crop").status, 4);
    EXPECT_EQ(hotcell("rm img --yes").status, 5);
    EXPECT_EQ(hotcell("rm img/resize --yes").status, 0);
    EXPECT_EQ(hotcell("rm img --yes").status, 0);
    EXPECT_EQ(catalog_.services(), 1u);
}

TEST_F(FunctionCommandLine, GoesOnWhereAPageEnds) {
    for (int i = 0; i < 230; ++i) {
        Service service;
        service.name = "s" + std::to_string(1'000 + i);
        ASSERT_TRUE(catalog_.create_service(service));
        Function function;
        function.service = service.name;
        function.name = "f";
        ASSERT_TRUE(catalog_.create_function(function, ""));
    }
    const auto all = hotcell("ls").out;
    EXPECT_EQ(std::ranges::count(all, '\n'), 231);
    EXPECT_HAS(all, "s1229");
}

TEST_F(FunctionCommandLine, ShowsWhatStandsReady) {
    EXPECT_HAS(hotcell("instance ls").out, "c-2       img      crop      LATEST   busy");
    EXPECT_EQ(hotcell("instance ls img/resize").out.find("c-2"), std::string::npos);
    EXPECT_EQ(hotcell("instance evict img").out, "evicted 2\n");
    EXPECT_EQ(hotcell("instance evict").status, 2);
    EXPECT_TRUE(hotcell("instance ls -o json").out.starts_with(R"([{"instanceId":"c-1")"));
    EXPECT_EQ(hotcell("runtime ls").out,
              "RUNTIME  ROOT  STARTS        SERVES\n"
              "python3  host  zygote, exec  python3, python3.10\n");
    calls_.instances_[0].state = "idle\x1b[2J";
    EXPECT_HAS(hotcell("instance ls").out, "idle?[2J");
}

TEST_F(FunctionCommandLine, ShowsATokenOverTcp) {
    auto listener = linux::listen_at_tcp("127.0.0.1:0");
    ASSERT_TRUE(listener);
    const auto host = "HOTCELL_HOST=http://" + listener->shown;
    Server server(loop_.loop(), router_, {});
    ASSERT_TRUE(
        server.listen_on(std::move(listener->fd), Access{.token = "a-token-of-letters", .hosts = listener->hosts}));
    server.start();
    EXPECT_EQ(hotcell("invoke img/resize -e x", host + " HOTCELL_TOKEN=a-token-of-letters").out, "x");
    const auto stranger = hotcell("invoke img/resize -e x", host);
    EXPECT_EQ(stranger.status, 8);
    EXPECT_HAS(stranger.err, "error: Authorization: the token is missing or another");
}

}  // namespace

}  // namespace hotcell::api
