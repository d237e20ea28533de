// Finds the records in JSON text that arrives piece by piece, so that no more than one of them has to be held.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eryxon::core {

// Records as the elements of an array, or one on each line (NDJSON).
enum class RecordForm : std::uint8_t { array, lines };

// Only boundaries are looked for; what stands between them may be no JSON, which is the fault of that record alone.
class RecordSplitter {
public:
    // A whole text. `names` are those of the member that may hold the array in an object.
    RecordSplitter(RecordForm form, std::vector<std::string> names);
    // Records that stand one after the other with a comma or a line break behind each, the first one at that place.
    RecordSplitter(RecordForm form, std::int64_t place);

    // Takes some more text; record() is forgotten.
    void add(std::string_view piece);
    // Says that no more text comes.
    void end() { ended_ = true; }
    // Moves to the next record; false if that needs more text, or there is no other. Throws CallError for text that is
    // no array of records, or an unfinished one.
    bool next();
    // The record as it was sent, without blanks around it. Until text is added.
    std::string_view record() const { return record_; }
    // Where it stands: its line, or its number in the array, from 1.
    std::int64_t place() const { return place_; }
    // Bytes of a record whose end was not seen yet.
    std::size_t pending() const { return begin_ == none ? 0 : at_ - begin_; }

private:
    enum class State : std::uint8_t { start, head, records, tail };
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    bool read_mark();
    bool read_head();
    void check_head() const;
    bool next_element();
    bool begin_element(char c);
    bool ends_element(char c);
    bool take_element(bool closes);
    void close_bracket(char opening);
    bool next_line();
    void read_tail();

    RecordForm form_;
    std::vector<std::string> names_;
    std::string text_, head_, open_;  // open_: the brackets that are open within a record
    std::size_t at_ = 0, begin_ = none, too_deep_ = 0;
    std::string_view record_;
    std::int64_t place_ = 0;
    State state_ = State::start;
    bool in_string_ = false, escaped_ = false, after_comma_ = false, within_ = false, ended_ = false;
};

}  // namespace eryxon::core
