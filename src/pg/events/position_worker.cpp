// Giving committed events their positions by a background worker.
#include "pg/events/position_worker.hpp"

#include "core/base/sql_text.hpp"
#include "pg/server/security_context.hpp"
#include "pg/server/spi.hpp"

#include <optional>

extern "C" {
#include "access/xact.h"
#include "access/xlog.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "utils/snapmgr.h"
}

namespace eryxon::pg {

namespace {

// Events that one worker positions at most: a reader does not wait for a long backlog of its own, and of others' for no
// more than a batch.
constexpr int batch_size = 10000, most_batches = 10;

// An event's place in the outbox.
struct Place {
    std::int64_t statement, line;
    bool operator==(const Place&) const = default;
};

// Where the tenant's oldest event stands that waits for its position.
std::optional<Place> oldest_waiting(const core::Uuid& tenant) {
    std::optional<Place> oldest;
    as_extension_owner([&] {
        execute(core::sql(R"(SELECT statement, line::pg_catalog.int8 FROM eryxon.event_outbox
                    WHERE tenant_id == $1 ORDER BY statement, line LIMIT 1)"),
                {Param::uuid(tenant)}, [&](const Row& row) {
                    oldest = {row.integer(0), row.integer(1)};
                });
    });
    return oldest;
}

BackgroundWorker worker_description(const core::Uuid& tenant) {
    BackgroundWorker worker{};
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
    worker.bgw_restart_time = BGW_NEVER_RESTART;
    worker.bgw_main_arg = ObjectIdGetDatum(MyDatabaseId);
    worker.bgw_notify_pid = MyProcPid;
    strlcpy(worker.bgw_name, "eryxon_sync position events", BGW_MAXLEN);
    strlcpy(worker.bgw_type, "eryxon_sync position events", BGW_MAXLEN);
    strlcpy(worker.bgw_library_name, "eryxon_sync", BGW_MAXLEN);
    strlcpy(worker.bgw_function_name, "eryxon_position_events_main", BGW_MAXLEN);
    memcpy(worker.bgw_extra, tenant.data(), tenant.size());
    return worker;
}

void warn_of_failure() {
    ereport(
        WARNING,
        (errmsg("could not position waiting events"), errdetail("A later call will return them."),
         errhint("The server's log tells why. A transaction that sends events to a webhook again holds them up until "
                 "it ends.")));
}

void run_worker(const core::Uuid& tenant) {
    BackgroundWorker worker = worker_description(tenant);
    BackgroundWorkerHandle* handle;
    if (!RegisterDynamicBackgroundWorker(&worker, &handle)) {
        ereport(WARNING, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
                          errmsg("no background worker is available to position events"),
                          errdetail("A later call will return the events committed since the last one."),
                          errhint("Raise max_worker_processes, or run a relay.")));
        return;
    }
    WaitForBackgroundWorkerShutdown(handle);
}

// One transaction; returns true if events of the tenant may still wait.
bool position_batch(const core::Uuid& tenant) {
    std::int64_t moved = 0;
    bool wait = false;
    call([] {
        StartTransactionCommand();
        PushActiveSnapshot(GetTransactionSnapshot());
    });
    with_spi([&] {
        execute("SELECT eryxon.position_events($1, $2)",
                {Param{INT4OID, Int32GetDatum(batch_size)}, Param::uuid(tenant)},
                [&](const Row& row) { moved = row.integer(0); });
        wait = moved > 0 && oldest_waiting(tenant);
    });
    call([] {
        PopActiveSnapshot();
        CommitTransactionCommand();
    });
    return wait;
}

}  // namespace

void settle_events(const core::Uuid& tenant) {
    if (call([] { return RecoveryInProgress(); })) return;
    std::optional<Place> const oldest = oldest_waiting(tenant);
    if (!oldest) return;
    call([&tenant] { run_worker(tenant); });
    // With a snapshot of its own, or events, the transaction could not tell.
    bool const can_tell =
        call([] { return !IsolationUsesXactSnapshot() && !TransactionIdIsValid(GetTopTransactionIdIfAny()); });
    if (can_tell && oldest_waiting(tenant) == oldest) call(warn_of_failure);
}

void position_events_once() {
    core::Uuid tenant;
    memcpy(tenant.data(), MyBgworkerEntry->bgw_extra, tenant.size());
    call([] { pgstat_report_activity(STATE_RUNNING, "positioning events"); });
    for (int batch = 0; batch < most_batches; batch++)
        if (!position_batch(tenant)) break;
    call([] { pgstat_report_stat(true); });
}

}  // namespace eryxon::pg
