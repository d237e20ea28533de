// Fields that are proposed for the columns of a CSV file.
#include "core/csv/csv_guess.hpp"

#include "core/csv/csv_heading.hpp"
#include "core/csv/csv_mapping.hpp"
#include "core/csv/csv_rejected.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace eryxon::core {

namespace {

// Letters that may differ in words of that length: in short ones another letter is another word.
std::size_t most_apart(std::size_t length) {
    return length >= 8 ? 2 : length >= 5 ? 1 : 0;
}

// The field's own name for a member that a column can give a value to; empty for others.
std::string_view field_name(const Entity& entity, std::string_view member) {
    int const number = entity.names.find(member);
    if (number < 0) return {};
    const MemberName& name = entity.names[number];
    bool const column = name.role != Role::read_only && name.role != Role::children && name.role != Role::operation;
    return column ? own_name(entity, name.text) : std::string_view();
}

// What the proposals are made of.
class Proposals {
public:
    Proposals(const Entity& entity, std::span<const std::string_view> headings)
        : entity_(entity), headings_(headings), proposals_(headings.size()) {}

    void take_meant();
    void doubt();
    void take_known(const std::vector<CsvMapped>& known);
    void take_similar();
    std::vector<CsvProposal> all() const { return proposals_; }

private:
    bool free(std::size_t place) const {
        return proposals_[place].field.empty() && !is_rejected_column(headings_[place]) &&
               !headings_[place].starts_with('_');
    }
    void propose(std::size_t place, std::string_view field, bool certain) {
        if (!field.empty() && taken_.insert(field).second) proposals_[place] = {field, certain};
    }
    std::string_view similar(std::string_view heading) const;

    const Entity& entity_;
    std::span<const std::string_view> headings_;
    std::vector<CsvProposal> proposals_;
    std::set<std::string_view> taken_;
};

// What an import would take the columns for.
void Proposals::take_meant() {
    auto const members = meant_members(entity_, headings_, {});
    for (std::size_t place = 0; place < headings_.size(); place++)
        if (!members[place].empty()) propose(place, field_name(entity_, members[place].front()), true);
}

// Where another column means the same field just as well, the choice is a guess.
void Proposals::doubt() {
    for (std::size_t place = 0; place < headings_.size(); place++) {
        if (!free(place)) continue;
        bool const by_name = !match_heading(entity_, headings_[place]).empty();
        std::string_view const field = own_name(
            entity_, by_name ? match_heading(entity_, headings_[place]) : match_synonym(entity_, headings_[place]));
        for (std::size_t other = 0; other < headings_.size(); other++)
            if (!field.empty() && proposals_[other].field == field)
                proposals_[other].certain = !by_name && !match_heading(entity_, headings_[other]).empty();
    }
}

void Proposals::take_known(const std::vector<CsvMapped>& known) {
    for (std::size_t place = 0; place < headings_.size(); place++)
        for (const CsvMapped& mapped : known)
            if (free(place) && !mapped.fields.empty() &&
                plain_heading(mapped.column) == plain_heading(headings_[place]))
                propose(place, field_name(entity_, mapped.fields.front()), false);
}

// The field that is not proposed yet and has the word that is most like the heading.
std::string_view Proposals::similar(std::string_view heading) const {
    std::string const wanted = plain_heading(heading);
    std::string_view found;
    std::size_t apart = most_apart(wanted.size()) + 1;
    each_word(entity_, [&](std::string_view word, std::string_view member) {
        std::string_view const field = own_name(entity_, member);
        std::size_t const most = std::min(most_apart(word.size()), apart - 1);
        std::size_t const longer = std::max(word.size(), wanted.size()), shorter = std::min(word.size(), wanted.size());
        if (apart == 0 || taken_.contains(field) || longer - shorter > most) return;
        std::size_t const letters = letters_apart(word, wanted);
        if (letters <= most) std::tie(found, apart) = std::pair(field, letters);
    });
    return found;
}

void Proposals::take_similar() {
    for (std::size_t place = 0; place < headings_.size(); place++)
        if (free(place) && !is_known_heading(entity_, headings_[place]))
            propose(place, similar(headings_[place]), false);
}

}  // namespace

std::size_t letters_apart(std::string_view one, std::string_view other) {
    std::vector<std::size_t> before(other.size() + 1), last(other.size() + 1), now(other.size() + 1);
    for (std::size_t j = 0; j <= other.size(); j++)
        last[j] = j;
    for (std::size_t i = 1; i <= one.size(); i++) {
        now[0] = i;
        for (std::size_t j = 1; j <= other.size(); j++) {
            now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (one[i - 1] != other[j - 1])});
            bool const swapped = i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1];
            if (swapped) now[j] = std::min(now[j], before[j - 2] + 1);
        }
        before = std::exchange(last, now);
    }
    return last[other.size()];
}

std::vector<CsvProposal> propose_fields(const Entity& entity, std::span<const std::string_view> headings,
                                        const std::vector<CsvMapped>& known) {
    Proposals proposals(entity, headings);
    proposals.take_meant();
    proposals.doubt();
    proposals.take_known(known);
    proposals.take_similar();
    return proposals.all();
}

}  // namespace eryxon::core
