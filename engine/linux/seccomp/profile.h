// What a system-call filter should do, as a value: names, argument rules, what happens to everything else.
//
// Here: the words. Not here: any list (sandbox/seccomp_profiles), making a program of it (compile.h).
// A filter sees 64 bits of each argument while the kernel uses 32 of an `int`, so rules compare either the masked low
// half for equality, or the whole register for "less than": both refuse a forbidden value with bits set above it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace hotcell::linux::seccomp {

enum class Verdict : std::uint8_t { NotPermitted /* EPERM */, KillProcess };

/// One condition on one argument. Made by the functions below, so that no other comparison can be written.
struct Condition {
    unsigned argument;  // 0..5
    enum class Kind : std::uint8_t { MaskedEqual, LessThan } kind;
    std::uint64_t mask;
    std::uint64_t value;
};

/// The low 32 bits of the argument are `value`: for every int, unsigned, uid_t and gid_t.
constexpr Condition is(unsigned argument, std::uint32_t value) {
    return {argument, Condition::Kind::MaskedEqual, 0xFFFFFFFF, value};
}
/// The bits of `mask` are those of `value`; other bits may be anything.
constexpr Condition bits(unsigned argument, std::uint64_t mask, std::uint64_t value) {
    return {argument, Condition::Kind::MaskedEqual, mask, value};
}
/// All 64 bits are `value`: for pointers.
constexpr Condition is_exactly(unsigned argument, std::uint64_t value) {
    return {argument, Condition::Kind::MaskedEqual, ~std::uint64_t{0}, value};
}
/// The whole register is below `limit`, so an int with anything in its high half is not.
constexpr Condition below(unsigned argument, std::uint64_t limit) {
    return {argument, Condition::Kind::LessThan, 0, limit};
}

/// The call is let through when all conditions hold. Several rules for one call are alternatives.
struct Rule {
    std::string_view call;
    std::vector<Condition> all_of;
};

struct Profile {
    std::string_view name;  // for messages
    Verdict otherwise = Verdict::NotPermitted;
    std::vector<std::string_view> allowed;       // whatever the arguments
    std::vector<Rule> allowed_if;                // calls that are not in `allowed`
    std::vector<std::string_view> no_such_call;  // answered ENOSYS: libraries probe them and fall back on that only
    std::optional<std::uint32_t> newest_known;   // numbers above it are answered ENOSYS
};

/// The names a profile lets through, with or without rules, sorted, each once.
std::vector<std::string_view> allowed_names(const Profile& profile);

}  // namespace hotcell::linux::seccomp
