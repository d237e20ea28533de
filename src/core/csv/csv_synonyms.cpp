// What people and ERPs call the fields, in English, Dutch and German; the labels of the import page are among them.
#include "core/csv/csv_synonyms.hpp"

namespace eryxon::core {

namespace {

constexpr CsvSynonyms table[] = {
    // The external key.
    {"", "external_source", "sourcesystem bronsysteem quellsystem source bron quelle herkomst"},
    {"", "external_id",
     "externalnumber externalno externnummer externenummer externenr externalkey erpid erpnumber erpnummer erpnr "
     "extid"},
    {"parts", "external_id",
     "workorder workordernumber workorderno workordernr werkorder werkordernummer werkordernr fertigungsauftrag "
     "fertigungsauftragsnummer fertigungsauftragsnr fanr aufnr produktionsauftrag productionorder "
     "productionordernumber "
     "productieorder productieordernummer manufacturingorder monumber werkauftrag werkauftragsnummer"},

    // Sales orders.
    {"jobs", "job_number",
     "order ordernumber orderno ordernr ordernummer auftrag auftragsnummer auftragsnr auftragnr auftragno salesorder "
     "salesordernumber salesorderno sonumber sono verkooporder verkoopordernummer verkoopordernr kundenauftrag "
     "kundenauftragsnummer kundenauftragsnr belegnummer belegnr vbeln jobno jobnr"},
    {"", "customer",
     "klant klantnaam kunde kundenname kundename client debiteur debiteurnaam debitor debitorname auftraggeber "
     "besteller "
     "opdrachtgever afnemer relatie relatienaam soldto soldtoparty"},
    {"", "due_date",
     "deliverydate deliverby promiseddate requireddate requesteddate shipdate dateplannedfinished deadline leverdatum "
     "afleverdatum gewensteleverdatum liefertermin lieferdatum wunschtermin wunschlieferdatum termin faelligkeit "
     "faelligkeitsdatum faelligam bedarfstermin vdatu"},
    {"", "priority", "prio prioriteit prioritaet urgency urgentie dringlichkeit"},

    // Work orders.
    {"parts", "part_number",
     "part partno partnr item itemnumber itemno itemcode article articlenumber articleno artikel artikelnummer "
     "artikelnr "
     "artikelcode artnr teil teilenummer teilenr teilnummer teilnr matnr materialnummer materialnr materialnumber "
     "sachnummer sachnr identnummer identnr onderdeel onderdeelnummer onderdeelnr product productcode productnumber "
     "sku"},
    {"parts", "job_external_id",
     "orderexternalnumber orderexternnummer auftragexternenummer job jobnumber jobno jobnr order ordernumber orderno "
     "ordernr ordernummer auftrag auftragsnummer auftragsnr auftragnr salesorder salesordernumber salesorderno "
     "sonumber "
     "verkooporder verkoopordernummer verkoopordernr kundenauftrag kundenauftragsnummer kundenauftragsnr vbeln"},
    {"parts", "job_id", "orderid auftragid"},
    {"parts", "job_external_source", "ordersourcesystem orderbronsysteem auftragquellsystem"},
    {"parts", "parent_part_id", "parentpartid bovenliggendonderdeelid uebergeordnetesteilid"},
    {"parts", "parent_part_external_id",
     "parentpart parentpartexternalnumber bovenliggendonderdeel bovenliggendonderdeelexternnummer uebergeordnetesteil "
     "uebergeordnetesteilexternenummer oberteil"},
    {"", "material", "materiaal werkstoff materialgrade rohmaterial"},
    {"", "quantity",
     "qty orderqty orderquantity orderedquantity plannedquantity productqty pieces pcs aantal hoeveelheid stuks menge "
     "anzahl stueck stueckzahl auftragsmenge sollmenge bestellmenge losgroesse gamng kwmeng"},
    {"", "unit", "uom unitofmeasure eenheid einheit mengeneinheit meins"},
    {"", "drawing_no",
     "drawing drawingnumber tekening tekeningnummer tekeningnr zeichnung zeichnungsnummer zeichnungsnr zeichnr"},
    {"", "cnc_program_name",
     "cncprogram cncprogramm cncprogramma ncprogram ncprogramm ncprogramma programname programmname"},
    {"", "file_paths", "files bestanden dateien attachments bijlagen anlagen"},
    {"", "material_lot",
     "lot lotnumber lotno batch batchnumber batchno charge chargennummer chargennr chargenummer materialcharge "
     "materiaalcharge heatnumber schmelze schmelzennummer"},
    {"", "material_supplier",
     "supplier vendor leverancier lieferant materialsupplier materiaalleverancier materiallieferant"},
    {"", "material_cert_number",
     "materialcertificate materiaalcertificaat materialzeugnis certificate certificatenumber certificaat "
     "certificaatnummer zeugnis zeugnisnummer werkszeugnis"},
    {"", "is_bullet_card", "bulletcard spoedkaart eilkarte rush spoed eilauftrag"},

    // Routing steps.
    {"operations", "operation_name",
     "operation operationtext operationdescription bewerking bewerkingsnaam arbeitsgang arbeitsgangtext "
     "arbeitsgangbezeichnung avo avotext avobezeichnung vorgang vorgangstext ltxa1"},
    {"operations", "part_external_id",
     "partexternalnumber onderdeelexternnummer teilexternenummer part onderdeel teil workorder workordernumber "
     "workorderno "
     "werkorder werkordernummer fertigungsauftrag fertigungsauftragsnummer fanr aufnr produktionsauftrag "
     "productionorder "
     "productieorder manufacturingorder werkauftrag"},
    {"operations", "part_id", "partid onderdeelid teilid"},
    {"operations", "cell_name",
     "workcentername workcenter workcentre workcentrename werkcentrumnaam werkcentrum werkplek arbeitsplatzname "
     "arbeitsplatz arbpl machine maschine machinegroup machinegroep maschinengruppe cell"},
    {"operations", "cell_external_id",
     "workcenterexternalnumber workcenternumber workcenterno werkcentrumexternnummer werkcentrumnummer "
     "arbeitsplatzexternenummer arbeitsplatznummer arbeitsplatznr"},
    {"operations", "cell_id", "workcenterid werkcentrumid arbeitsplatzid"},
    {"operations", "sequence",
     "avonr avonummer arbeitsgangnr arbeitsgangnummer vorgangsnummer vorgangsnr vornr agnr operationnumber operationno "
     "opno opnr bewerkingsnummer bewerkingsnr stepno position positie pos posnr"},
    {"", "sequence", "seq seqno sequenceno sequencenumber reihenfolge volgorde volgnummer volgnr lfdnr"},
    {"", "estimated_time",
     "plannedtime plannedtimemin geplandetijd geplandetijdmin bewerkingstijd vorgabezeit vorgabezeitmin planzeit "
     "bearbeitungszeit estimatedtimemin"},
    {"", "setup_time", "setup setuptimemin insteltijd insteltijdmin omsteltijd ruestzeit ruestzeitmin ruesten"},
    {"", "run_time_per_unit",
     "runtimeperpiece timeperpiece timeperpiecemin cycletime stuktijd stuktijdmin stueckzeit stueckzeitmin "
     "zeitjeeinheit"},
    {"", "wait_time", "waitingtime waitingtimemin queuetime wachttijd wachttijdmin wartezeit liegezeit liegezeitmin"},
    {"", "assigned_operator_id", "operatorid werkerid"},

    // Work centers and equipment.
    {"cells", "name",
     "naam bezeichnung benennung workcenter workcentre workcentername werkcentrum werkcentrumnaam arbeitsplatz "
     "arbeitsplatzname machine maschine"},
    {"cells", "color", "colour kleur farbe"},
    {"cells", "capacity_hours_per_day",
     "capacity capacityhoursaday capaciteit capaciteiturenperdag kapazitaet kapazitaetstundenjetag"},
    {"cells", "wip_limit", "limitofworkinprogress limietonderhandenwerk grenzefuerumlaufbestand"},
    {"resources", "name",
     "naam bezeichnung benennung equipment tool gereedschap werkzeug betriebsmittel machine maschine"},
    {"resources", "type", "art typ soort"},
    {"resources", "identifier",
     "inventorynumber inventarisnummer inventarnummer inventarnr serialnumber serienummer seriennummer"},
    {"resources", "location", "locatie standort plaats"},
    {"", "active", "actief aktiv"},

    // Of several.
    {"", "status", "state toestand zustand"},
    {"", "notes",
     "note remark remarks comment comments opmerking opmerkingen toelichting notitie notities bemerkung bemerkungen "
     "anmerkung anmerkungen kommentar notiz notizen hinweis hinweise"},
    {"", "description", "omschrijving beschreibung"},
    {"", "planned_start",
     "startdate startdatum starttermin plannedstartdate geplandestart geplanterstart geplanterbeginn"},
    {"", "planned_end", "enddate einddatum endtermin enddatum plannedenddate geplandeinde geplantesende"},
    {"", "metadata", "furtherdata overigegegevens weiteredaten"},
};

}  // namespace

const std::span<const CsvSynonyms> csv_synonyms(table);

bool has_word(std::string_view words, std::string_view word) {
    if (word.empty()) return false;
    for (std::size_t at = words.find(word); at != std::string_view::npos; at = words.find(word, at + 1)) {
        bool const begins = at == 0 || words[at - 1] == ' ';
        bool const ends = at + word.size() == words.size() || words[at + word.size()] == ' ';
        if (begins && ends) return true;
    }
    return false;
}

}  // namespace eryxon::core
