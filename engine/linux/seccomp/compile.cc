#include "engine/linux/seccomp/compile.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <set>
#include <string>

#include "engine/linux/seccomp/call_numbers.h"
#include "engine/linux/syscall.h"
#include "engine/linux/unique_fd.h"

namespace hotcell::linux::seccomp {
namespace {

struct ReleaseContext {
    void operator()(scmp_filter_ctx context) const noexcept { ::seccomp_release(context); }
};
using Context = std::unique_ptr<void, ReleaseContext>;

constexpr std::uint32_t kX32Bit = 0x40000000;
constexpr std::uint32_t kNoCall = 0xFFFFFFFF;  // what a tracer writes to skip a call
constexpr std::uint32_t kTreeShaped = 2;

std::string words(const Profile& profile, std::string_view what) {
    return "compile filter " + std::string(profile.name) + ": " + std::string(what);
}

Result<int> number_in(const Profile& profile, std::string_view call) {
    const auto number = number_of_call(call);
    if (!number) return fail(ErrorKind::InvalidArgument, words(profile, "unknown call " + std::string(call)));
    return *number;
}

/// libseccomp says what went wrong as -errno.
Result<> done(const Profile& profile, int answer, std::string_view what) {
    if (answer < 0) return fail_errno(-answer, words(profile, what));
    return {};
}

scmp_arg_cmp comparison(const Condition& condition) {
    if (condition.kind == Condition::Kind::LessThan) {
        return SCMP_CMP64(condition.argument, SCMP_CMP_LT, condition.value);
    }
    return SCMP_CMP64(condition.argument, SCMP_CMP_MASKED_EQ, condition.mask, condition.value);
}

Result<> refuse_double_entries(const Profile& profile) {
    std::set<std::string_view> seen;
    for (const auto& list : {profile.allowed, profile.no_such_call}) {
        for (const auto call : list) {
            if (!seen.insert(call).second) {
                return fail(ErrorKind::InvalidArgument, words(profile, std::string(call) + " is listed twice"));
            }
        }
    }
    for (const auto& rule : profile.allowed_if) {
        if (seen.contains(rule.call)) {
            return fail(ErrorKind::InvalidArgument,
                        words(profile, std::string(rule.call) + " has rules and is listed as well"));
        }
    }
    return {};
}

Result<> add_calls(const Profile& profile, scmp_filter_ctx context) {
    for (const auto call : profile.allowed) {
        const int number = TRY(number_in(profile, call));
        TRY(done(profile, ::seccomp_rule_add(context, SCMP_ACT_ALLOW, number, 0), call));
    }
    for (const auto& rule : profile.allowed_if) {
        std::vector<scmp_arg_cmp> conditions;
        for (const auto& condition : rule.all_of) conditions.push_back(comparison(condition));
        const int number = TRY(number_in(profile, rule.call));
        TRY(done(profile,
                 ::seccomp_rule_add_array(context, SCMP_ACT_ALLOW, number, static_cast<unsigned>(conditions.size()),
                                          conditions.data()),
                 rule.call));
    }
    for (const auto call : profile.no_such_call) {
        const int number = TRY(number_in(profile, call));
        TRY(done(profile, ::seccomp_rule_add(context, SCMP_ACT_ERRNO(ENOSYS), number, 0), call));
    }
    return {};
}

Result<std::vector<std::byte>> export_bytes(const Profile& profile, scmp_filter_ctx context) {
    const UniqueFd file(
        TRY(syscall(words(profile, "memfd_create"), [] { return ::memfd_create("hotcell-filter", MFD_CLOEXEC); })));
    TRY(done(profile, ::seccomp_export_bpf(context, file.get()), "export"));
    struct stat status {};
    TRY(syscall(words(profile, "fstat"), [&] { return ::fstat(file.get(), &status); }));
    std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size));
    const auto count =
        TRY(syscall(words(profile, "read back"), [&] { return ::pread(file.get(), bytes.data(), bytes.size(), 0); }));
    if (static_cast<std::size_t>(count) != bytes.size() || bytes.size() % sizeof(sock_filter) != 0) {
        return fail(ErrorKind::Broken, words(profile, "export is cut short"));
    }
    return bytes;
}

/// What libseccomp cannot say, put in front of its program: jumps are relative, so it may simply be prepended.
///
/// A foreign architecture and an x32 number end the process; with `newest_known`, greater numbers do not exist.
std::vector<sock_filter> prelude(const Profile& profile) {
    std::vector<sock_filter> code{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    };
    if (!profile.newest_known) {
        code.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kX32Bit, 0, 1));
        code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
        return code;
    }
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, *profile.newest_known, 0, 4));
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kNoCall, 1, 0));
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kX32Bit, 1, 0));
    code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
    code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
    return code;
}

}  // namespace

std::vector<std::string_view> allowed_names(const Profile& profile) {
    std::vector<std::string_view> names = profile.allowed;
    for (const auto& rule : profile.allowed_if) names.push_back(rule.call);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

Result<std::vector<std::byte>> compile(const Profile& profile) {
    TRY(refuse_double_entries(profile));
    const std::uint32_t otherwise =
        profile.otherwise == Verdict::KillProcess ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(EPERM);
    const Context context(::seccomp_init(otherwise));
    if (!context) return fail(ErrorKind::Broken, words(profile, "seccomp_init"));
    if (::seccomp_arch_native() != SCMP_ARCH_X86_64) {
        return fail(ErrorKind::InvalidArgument, words(profile, "profiles are for x86-64 only"));
    }
    TRY(done(profile, ::seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS),
             "bad architecture"));
    TRY(done(profile, ::seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, kTreeShaped), "tree shape"));
    TRY(add_calls(profile, context.get()));
    const auto body = TRY(export_bytes(profile, context.get()));

    const auto head = prelude(profile);
    const std::size_t head_bytes = head.size() * sizeof(sock_filter);
    std::vector<std::byte> whole(head_bytes + body.size());
    std::memcpy(whole.data(), head.data(), head_bytes);
    std::memcpy(whole.data() + head_bytes, body.data(), body.size());
    if (whole.size() / sizeof(sock_filter) > BPF_MAXINSNS) {
        return fail(ErrorKind::InvalidArgument, words(profile, "more than 4096 instructions"));
    }
    return whole;
}

}  // namespace hotcell::linux::seccomp
