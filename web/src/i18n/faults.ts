// What faults and warnings say in Dutch and German, by the reason in their params; English is the server's own text.
// docs/errors.md lists the reasons with their values.
export type Params = Record<string, string | number | boolean>;

// Names of values stand in braces.
export const faults: Record<string, [nl: string, de: string]> = {
    required: ['verplicht veld ontbreekt', 'Pflichtfeld fehlt'],
    misnamed: [
        'verplicht veld ontbreekt: in de naam van „{member}” staat {character}',
        'Pflichtfeld fehlt: im Namen von „{member}“ steht {character}',
    ],
    null_value: ['mag niet leeg zijn', 'darf nicht leer sein'],
    empty: ['de waarde is leeg', 'der Wert ist leer'],
    too_long: [
        'te lang: {length} tekens, hoogstens {limit} zijn toegestaan',
        'zu lang: {length} Zeichen, höchstens {limit} sind zulässig',
    ],
    too_short: [
        'te kort: {length} tekens, ten minste {limit} zijn nodig',
        'zu kurz: {length} Zeichen, mindestens {limit} sind nötig',
    ],
    outer_space: ['{value} begint of eindigt met een spatie', '{value} beginnt oder endet mit einem Leerzeichen'],
    invisible_character: [
        '{value} bevat een onzichtbaar teken: {character}',
        '{value} enthält ein unsichtbares Zeichen: {character}',
    ],
    not_allowed: ['ongeldige waarde {value}; toegestaan: {allowed}', 'ungültiger Wert {value}; zulässig: {allowed}'],
    too_small: ['{value} is kleiner dan {limit}', '{value} ist kleiner als {limit}'],
    too_large: ['{value} is groter dan {limit}', '{value} ist größer als {limit}'],
    too_many_decimals: [
        '{value} heeft meer dan {limit} decimalen',
        '{value} hat mehr als {limit} Nachkommastellen',
    ],
    too_many_digits: [
        '{value} heeft meer dan {limit} cijfers voor de komma',
        '{value} hat mehr als {limit} Stellen vor dem Komma',
    ],
    out_of_range: ['{value} kan hier niet worden bewaard', '{value} kann hier nicht gespeichert werden'],
    cut: ['{value} wordt hier niet volledig bewaard', '{value} wird hier nicht vollständig gespeichert'],
    pattern: ['{value} past niet bij het patroon {pattern}', '{value} passt nicht zum Muster {pattern}'],
    invalid_value: ['{type}: {value}', '{type}: {value}'],
    wrong_type: ['{type}, maar {sent}', '{type}, sondern {sent}'],
    invalid_date: ['ongeldige datum {value}', 'ungültiges Datum {value}'],
    time_of_day: [
        'ongeldige datum {value}: een tijd wordt hier niet bewaard',
        'ungültiges Datum {value}: Eine Uhrzeit wird hier nicht gespeichert',
    ],
    fraction_of_second: [
        'ongeldige datum {value}: van een seconde worden maar {limit} decimalen bewaard',
        'ungültiges Datum {value}: Von einer Sekunde werden nur {limit} Nachkommastellen gespeichert',
    ],
    unknown_field: ['onbekend veld', 'unbekanntes Feld'],
    read_only: ['het veld is alleen-lezen', 'das Feld ist schreibgeschützt'],
    unmapped_field: ['de tabel heeft geen kolom voor dit veld', 'die Tabelle hat keine Spalte für dieses Feld'],
    generated_column: [
        'de database vult de kolom van dit veld zelf',
        'die Datenbank füllt die Spalte dieses Feldes selbst',
    ],
    reserved_name: [
        'namen die met „_” beginnen zijn gereserveerd',
        'Namen, die mit „_“ beginnen, sind reserviert',
    ],
    invalid_operation: ['onbekende bewerking {value}', 'unbekannter Vorgang {value}'],
    not_an_object: ['geen JSON-object, maar {sent}', 'kein JSON-Objekt, sondern {sent}'],
    not_an_array: ['geen lijst met records, maar {sent}', 'keine Liste von Sätzen, sondern {sent}'],
    member_twice: ['„{member}” komt meer dan eens voor', '„{member}“ kommt mehr als einmal vor'],
    other_parent: [
        '{value} is niet het record waar dit in staat: {entity} „{external_id}”',
        '{value} ist nicht der Satz, in dem dieser steht: {entity} „{external_id}“',
    ],
    not_the_parent: [
        'is niet het record waar dit in staat ({entity})',
        'ist nicht der Satz, in dem dieser steht ({entity})',
    ],
    unknown_external_id: [
        'er is geen record ({entity}) met extern nummer „{external_id}” van bron „{source}”',
        'es gibt keinen Satz ({entity}) mit externer Nummer „{external_id}“ der Quelle „{source}“',
    ],
    unknown_id: ['er is geen record ({entity}) met id „{id}”', 'es gibt keinen Satz ({entity}) mit id „{id}“'],
    unknown_name: [
        'er is geen record ({entity}) met naam „{name}”',
        'es gibt keinen Satz ({entity}) mit Namen „{name}“',
    ],
    unknown_active_name: [
        'er is geen actief record ({entity}) met naam „{name}”',
        'es gibt keinen aktiven Satz ({entity}) mit Namen „{name}“',
    ],
    ambiguous_name: [
        'meerdere records ({entities}) hebben de naam „{name}”',
        'mehrere Sätze ({entities}) haben den Namen „{name}“',
    ],
    ambiguous_natural_key: [
        'meerdere records zonder extern nummer komen in aanmerking',
        'mehrere Sätze ohne externe Nummer kommen in Frage',
    ],
    parent_deleted: [
        'het record waar dit bij hoort is verwijderd ({entity})',
        'der Satz, zu dem dies gehört, ist gelöscht ({entity})',
    ],
    not_attached: ['„{entities}” is niet gekoppeld', '„{entities}“ ist nicht angeschlossen'],
    self_reference: ['verwijst naar het record zelf', 'verweist auf den Satz selbst'],
    own_ancestor: ['zou zijn eigen voorouder zijn ({entity})', 'wäre sein eigener Vorfahr ({entity})'],
    leaves_children: [
        'wat eronder hangt zou niet meegaan naar het andere record ({group})',
        'was darunter hängt, ginge nicht mit zum anderen Satz ({group})',
    ],
    parent_elsewhere: [
        'wat erboven staat hoort bij een ander record ({group})',
        'was darüber steht, gehört zu einem anderen Satz ({group})',
    ],
    exists: ['dit externe nummer bestaat al', 'diese externe Nummer gibt es schon'],
    deleted: [
        'het record met dit externe nummer is verwijderd',
        'der Satz mit dieser externen Nummer ist gelöscht',
    ],
    not_found: ['dit externe nummer bestaat niet', 'diese externe Nummer gibt es nicht'],
    in_progress: ['er is een bewerking onderhanden', 'ein Arbeitsgang ist in Arbeit'],
    started: [
        'er is al aan gewerkt, dus het verhuist niet naar een ander record ({entity}, {parent})',
        'daran wurde schon gearbeitet, also zieht es nicht zu einem anderen Satz um ({entity}, {parent})',
    ],
    policy: ['u mag dit record niet wijzigen', 'Sie dürfen diesen Satz nicht ändern'],
    no_permission: ['u mag dit record niet schrijven', 'Sie dürfen diesen Satz nicht schreiben'],
    suppressed: [
        'een trigger van de database houdt het record tegen',
        'ein Trigger der Datenbank hält den Satz zurück',
    ],
    taken: ['een ander record heeft deze waarde al', 'ein anderer Satz hat diesen Wert schon'],
    taken_by: ['{entity} „{external_id}” heeft deze waarde al', '{entity} „{external_id}“ hat diesen Wert schon'],
    taken_by_deleted: [
        '{entity} „{external_id}” heeft deze waarde en is verwijderd: herstel het, of verwijder het definitief',
        '{entity} „{external_id}“ hat diesen Wert und ist gelöscht: wiederherstellen oder endgültig löschen',
    ],
    taken_by_local: [
        'een record zonder extern nummer heeft deze waarde al ({entity}, id „{id}”)',
        'ein Satz ohne externe Nummer hat diesen Wert schon ({entity}, id „{id}“)',
    ],
    unknown_reference: ['verwijst naar iets dat er niet is', 'verweist auf etwas, das es nicht gibt'],
    violates_check: [
        'voldoet niet aan de voorwaarde „{constraint}” van de tabel',
        'erfüllt die Bedingung „{constraint}“ der Tabelle nicht',
    ],
    kept: [
        '„{kept}” blijft staan, „{sent}” wordt niet overgenomen',
        '„{kept}“ bleibt, „{sent}“ wird nicht übernommen',
    ],
    kept_started: [
        '{entity} „{external_id}” is niet gestuurd maar al begonnen, en blijft dus staan',
        '{entity} „{external_id}“ wurde nicht gesendet, ist aber begonnen und bleibt daher',
    ],
    adopted: [
        'gekoppeld aan het record met hetzelfde nummer of dezelfde naam',
        'verknüpft mit dem Satz, der dieselbe Nummer oder denselben Namen hat',
    ],
    moved: ['verhuisd van {entity} „{from}” naar „{to}”', 'von {entity} „{from}“ nach „{to}“ umgezogen'],
    source_case: [
        'bron „{source}” is bekend en verschilt alleen in hoofdletters',
        'Quelle „{source}“ ist bekannt und unterscheidet sich nur in der Groß- und Kleinschreibung',
    ],
    key_form: [
        '{value} heeft een vorm die rekenbladen aan andere sleutels geven',
        '{value} hat eine Form, die Tabellenprogramme anderen Schlüsseln geben',
    ],
    repeated_key: ['regel {line} heeft deze sleutel ook', 'Zeile {line} hat diesen Schlüssel auch'],
    two_parents: [
        'record {index} van {entities} heeft deze sleutel onder {entity} „{external_id}”',
        'Satz {index} von {entities} hat diesen Schlüssel unter {entity} „{external_id}“',
    ],
    date_order: [
        'de datums zeggen niet of de dag of de maand eerst komt',
        'die Daten sagen nicht, ob der Tag oder der Monat vorn steht',
    ],
    number_sign: [
        '{value} kan op twee manieren worden gelezen: het teken is dat van de decimalen, of het groepeert cijfers',
        '{value} lässt sich auf zwei Arten lesen: Das Zeichen ist das Dezimalzeichen, oder es gliedert Ziffern',
    ],
    other_dates: [
        'geweigerde waarden die datums van de vorm {value} zijn: {lines}',
        'abgelehnte Werte, die Datumsangaben der Form {value} sind: {lines}',
    ],
    other_numbers: [
        'geweigerde waarden die getallen met het decimaalteken {value} zijn: {lines}',
        'abgelehnte Werte, die Zahlen mit dem Dezimalzeichen {value} sind: {lines}',
    ],
    dos_code_page: [
        '{value} lijkt op een woord in een tekenset van DOS: bewaar het bestand als UTF-8 en importeer dat',
        '{value} sieht nach einem Wort in einem Zeichensatz von DOS aus: Speichern Sie die Datei als UTF-8, und importieren Sie diese',
    ],
    swallowed_lines: [
        'in een cel met aanhalingstekens staan regels die op records lijken: {lines}',
        'in einer Zelle in Anführungszeichen stehen Zeilen, die wie Sätze aussehen: {lines}',
    ],
    malformed_line: [
        'er staat een aanhalingsteken op de verkeerde plaats, of er ontbreekt een',
        'ein Anführungszeichen steht an der falschen Stelle oder fehlt',
    ],
    extra_cells: [
        'de regel heeft {cells} cellen, de kop {limit}',
        'die Zeile hat {cells} Zellen, die Kopfzeile {limit}',
    ],
    repeated_header: ['de regel herhaalt de kop', 'die Zeile wiederholt die Kopfzeile'],
    separator_line: ['de regel scheidt andere en is geen record', 'die Zeile trennt andere und ist kein Satz'],
    sum_line: [
        '{value} is geen extern nummer: de regel lijkt andere op te tellen',
        '{value} ist keine externe Nummer: Die Zeile scheint andere zu summieren',
    ],
    unreadable_character: [
        'in de cel staan bytes die in deze tekenset geen tekens zijn',
        'in der Zelle stehen Bytes, die in diesem Zeichensatz keine Zeichen sind',
    ],
    control_character: [
        'in de cel staat een besturingsteken dat geen tekst heeft',
        'in der Zelle steht ein Steuerzeichen, das kein Text hat',
    ],
    nul_byte: ['er staat een NUL-teken in de cel', 'in der Zelle steht ein NUL-Zeichen'],
    unterminated_cell: [
        'regel {line}: een cel met aanhalingstekens wordt niet afgesloten',
        'Zeile {line}: Eine Zelle in Anführungszeichen wird nicht geschlossen',
    ],
    quote_in_header: [
        'regel {line}: er staat een aanhalingsteken in een cel van de kop',
        'Zeile {line}: Ein Anführungszeichen steht in einer Zelle der Kopfzeile',
    ],
    nul_in_header: ['er staat een NUL-teken in de kop', 'in der Kopfzeile steht ein NUL-Zeichen'],
    empty_file: ['er staat niets in het bestand', 'die Datei ist leer'],
    not_in_encoding: [
        'regel {line}: dit is geen {encoding}; kies een andere tekenset',
        'Zeile {line}: Das ist kein {encoding}; wählen Sie einen anderen Zeichensatz',
    ],
    unknown_encoding: ['onbekende tekenset „{encoding}”', 'unbekannter Zeichensatz „{encoding}“'],
    workbook: [
        'dit is een werkmap van een spreadsheet; sla het daar op als „CSV UTF-8”',
        'das ist eine Arbeitsmappe; speichern Sie sie dort als „CSV UTF-8“',
    ],
    utf_16: [
        'het bestand is UTF-16; sla het op als „CSV UTF-8”',
        'die Datei ist UTF-16; speichern Sie sie als „CSV UTF-8“',
    ],
    unknown_column: ['het bestand heeft geen kolom „{column}”', 'die Datei hat keine Spalte „{column}“'],
    same_field: [
        'de kolommen „{column}” en „{other}” zijn beide „{field}”',
        'die Spalten „{column}“ und „{other}“ sind beide „{field}“',
    ],
    no_field: ['geen enkele kolom is een veld van {entities}', 'keine Spalte ist ein Feld von {entities}'],
    import_not_running: ['import {run} loopt niet', 'der Import {run} läuft nicht'],
    too_many_imports: ['er lopen al {limit} imports', 'es laufen schon {limit} Importe'],
    unknown_run: ['er is geen run {run}', 'es gibt keinen Lauf {run}'],
    unknown_role: ['er is geen rol „{role}”', 'es gibt keine Rolle „{role}“'],
    not_a_member: ['u moet lid zijn van de rol „{role}”', 'Sie müssen Mitglied der Rolle „{role}“ sein'],
    expired: ['die dag is al voorbij', 'dieser Tag ist schon vorbei'],
    not_https: ['het adres moet met https:// beginnen', 'die Adresse muss mit https:// beginnen'],
    invalid_url: ['het adres is niet geldig', 'die Adresse ist nicht gültig'],
};

// What is not of the type that was expected.
export const types: Record<string, [nl: string, de: string]> = {
    integer: ['geen geheel getal', 'keine ganze Zahl'],
    number: ['geen getal', 'keine Zahl'],
    boolean: ['geen ja of nee', 'kein Ja oder Nein'],
    date: ['geen datum', 'kein Datum'],
    uuid: ['geen id', 'keine id'],
    text: ['geen tekst', 'kein Text'],
    identifier: ['geen nummer of tekst', 'keine Nummer und kein Text'],
    name: ['geen naam', 'kein Name'],
    object: ['geen JSON-object', 'kein JSON-Objekt'],
    'object or array': ['geen JSON-object of -lijst', 'kein JSON-Objekt und keine -Liste'],
    array: ['geen lijst', 'keine Liste'],
    'array of text': ['geen lijst met teksten', 'keine Liste von Texten'],
};

// The kinds of JSON that were sent instead.
export const kinds: Record<string, [nl: string, de: string]> = {
    null: ['niets', 'nichts'],
    'a boolean': ['ja of nee', 'Ja oder Nein'],
    'a number': ['een getal', 'eine Zahl'],
    'a string': ['een tekst', 'ein Text'],
    'an array': ['een lijst', 'eine Liste'],
    'an object': ['een object', 'ein Objekt'],
};
