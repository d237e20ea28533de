// The trigger's function is in C: in PL/pgSQL it took a tenth of a plain UPDATE of one row. That the statement left the
// column as it was is the trigger's WHEN condition, so that bulk calls, which set it, do not come here for each row.
#include "pg/server/updated_at.hpp"

#include "pg/server/boundary.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type_d.h"
#include "executor/spi.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
}

namespace eryxon::pg {

namespace {

// The number of the column updated_at, 0 if there is none that holds points in time.
int number_of_column(TupleDesc columns) {
    int const number = SPI_fnumber(columns, "updated_at");
    return number > 0 && SPI_gettypeid(columns, number) == TIMESTAMPTZOID ? number : 0;
}

}  // namespace

HeapTuple keep_updated_at(const TriggerData& trigger) {
    return call([&trigger] {
        TupleDesc const columns = RelationGetDescr(trigger.tg_relation);
        int number = number_of_column(columns);
        if (number == 0) return trigger.tg_newtuple;
        Datum now = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
        bool null = false;
        return heap_modify_tuple_by_cols(trigger.tg_newtuple, columns, 1, &number, &now, &null);
    });
}

}  // namespace eryxon::pg
