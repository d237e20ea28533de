# Makes an update script of one that is written by hand and of the fragments of sql/install:
#
#     awk -f assemble.awk sql/install/*.sql update.sql >script.sql
#
# Of the last file, a line `-- @take BEGINNING` becomes the statements of the fragments that begin so, at least one, and
# `-- @replace` all that may be run again without changing anything: functions, views and triggers (with OR REPLACE),
# comments and pg_extension_config_dump(). There REVOKE becomes a call of eryxon.close_new(): what the user granted on
# an older function stays his, and goes on to be dumped. GRANT, tables, indexes, types, policies and rows are the
# update's own matter.

# Ends the statement that was read.
function keep(text) {
    statements++
    head = text
    while (match(head, /^([ \t\n]+|--[^\n]*\n)/)) head = substr(head, RLENGTH + 1)
    body[statements] = head
}

# The statement, so that it may be run again.
function replaced(text) {
    sub(/^CREATE (FUNCTION|VIEW|TRIGGER) /, "CREATE OR REPLACE&", text)
    sub(/^CREATE OR REPLACECREATE /, "CREATE OR REPLACE ", text)
    return text
}

# REVOKE EXECUTE ON FUNCTION a(), b() FROM PUBLIC as a query.
function closing(text) {
    sub(/^REVOKE EXECUTE ON FUNCTION +/, "", text)
    sub(/ +FROM PUBLIC;\n*$/, "", text)
    gsub(/\),[ \n]*/, ")'),\n       eryxon.close_new('", text)
    return "SELECT eryxon.close_new('" text "');\n"
}

function replace_all(    i) {
    for (i = 1; i <= statements; i++) {
        if (body[i] ~ /^(CREATE (FUNCTION|VIEW|TRIGGER)|COMMENT ON|SELECT pg_catalog\.pg_extension_config_dump) ?/)
            print replaced(body[i])
        else if (body[i] ~ /^REVOKE EXECUTE ON FUNCTION /) print closing(body[i])
    }
}

function take(beginning,    i, found) {
    for (i = 1; i <= statements; i++)
        if (index(body[i], beginning) == 1) {
            print replaced(body[i])
            found = 1
        }
    if (!found) {
        print FILENAME ":" FNR ": no statement begins with: " beginning | "cat >&2"
        failed = 1
        exit 1
    }
}

BEGIN { update = ARGV[ARGC - 1] }

FILENAME == update && /^-- @replace$/ { replace_all(); next }
FILENAME == update && /^-- @take / { take(substr($0, 10)); next }
FILENAME == update { print; next }

# A fragment: a semicolon outside of quotes, dollar quotes and comments ends a statement.
{
    text = text $0 "\n"
    rest = $0
    while (match(rest, /\$[a-z_]*\$|'|--|;/)) {
        token = substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
        if (quote != "") { if (token == quote) quote = "" }
        else if (token == "--") rest = ""
        else if (token == ";") { keep(text); text = "" }
        else quote = token
    }
}

END { exit failed }
