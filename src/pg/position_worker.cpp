// Giving committed events their positions by a background worker.
#include "pg/position_worker.hpp"

#include "pg/owner.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "access/xact.h"
#include "access/xlog.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "utils/snapmgr.h"
}

namespace eryxon::pg {

namespace {

// Events that one worker positions at most: a reader does not wait for a long backlog.
constexpr int batch_size = 10000, most_batches = 10;

bool events_wait() {
    bool wait = false;
    as_extension_owner([&] {
        execute("SELECT EXISTS (SELECT FROM eryxon.event_outbox)", {}, [&](const Row& row) { wait = row.boolean(0); });
    });
    return wait;
}

BackgroundWorker worker_description() {
    BackgroundWorker worker{};
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
    worker.bgw_restart_time = BGW_NEVER_RESTART;
    worker.bgw_main_arg = ObjectIdGetDatum(MyDatabaseId);
    worker.bgw_notify_pid = MyProcPid;
    strlcpy(worker.bgw_name, "eryxon_sync position events", BGW_MAXLEN);
    strlcpy(worker.bgw_type, "eryxon_sync position events", BGW_MAXLEN);
    strlcpy(worker.bgw_library_name, "eryxon_sync", BGW_MAXLEN);
    strlcpy(worker.bgw_function_name, "position_events_main", BGW_MAXLEN);
    return worker;
}

// Where the feed stands.
std::int64_t last_position() {
    std::int64_t last = 0;
    as_extension_owner(
        [&] { execute("SELECT last_position FROM eryxon.feed", {}, [&](const Row& row) { last = row.integer(0); }); });
    return last;
}

void warn_of_failure() {
    ereport(WARNING,
            (errmsg("events that wait could not be given positions"), errdetail("They come with a later call."),
             errhint("The server's log tells why. A transaction that creates, deletes or replays webhooks holds them "
                     "up until it ends.")));
}

void run_worker() {
    BackgroundWorker worker = worker_description();
    BackgroundWorkerHandle* handle;
    if (!RegisterDynamicBackgroundWorker(&worker, &handle)) {
        ereport(WARNING,
                (errcode(ERRCODE_INSUFFICIENT_RESOURCES), errmsg("no background worker is free to position events"),
                 errdetail("Events that were committed since the last time come with a later call."),
                 errhint("Raise max_worker_processes, or run a relay.")));
        return;
    }
    WaitForBackgroundWorkerShutdown(handle);
}

// One transaction; returns how many events were positioned.
std::int64_t position_batch() {
    std::int64_t moved = 0;
    call([] {
        StartTransactionCommand();
        PushActiveSnapshot(GetTransactionSnapshot());
    });
    with_spi([&] {
        execute("SELECT eryxon.position_events($1)", {Param{INT4OID, Int32GetDatum(batch_size)}},
                [&](const Row& row) { moved = row.integer(0); });
    });
    call([] {
        PopActiveSnapshot();
        CommitTransactionCommand();
    });
    return moved;
}

}  // namespace

void settle_events() {
    if (call([] { return RecoveryInProgress(); }) || !events_wait()) return;
    std::int64_t const before = last_position();
    call(run_worker);
    // With a snapshot of its own, or events, the transaction could not tell.
    bool const can_tell =
        call([] { return !IsolationUsesXactSnapshot() && !TransactionIdIsValid(GetTopTransactionIdIfAny()); });
    if (can_tell && last_position() == before && events_wait()) call(warn_of_failure);
}

void position_events_once() {
    call([] { pgstat_report_activity(STATE_RUNNING, "positioning events"); });
    for (int batch = 0; batch < most_batches; batch++)
        if (position_batch() < batch_size) break;
    call([] { pgstat_report_stat(true); });
}

}  // namespace eryxon::pg
