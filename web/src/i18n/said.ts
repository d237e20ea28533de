// What the server says of records, files and runs, in Dutch and German. A text that is not known stays as it is.
type Said = [text: RegExp, nl: string, de: string];

const value = '("(?:.*)"|[^ ]+)';
const said = (text: string, nl: string, de: string): Said => [new RegExp(`^${text}$`, 's'), nl, de];

// $1, $2 … are the values in the server's text.
const texts: Said[] = [
    said('required field is missing', 'verplicht veld ontbreekt', 'Pflichtfeld fehlt'),
    said('(\\w+) is missing', '$1 ontbreekt', '$1 fehlt'),
    said('null is not allowed', 'mag niet leeg zijn', 'darf nicht leer sein'),
    said('value is empty', 'de waarde is leeg', 'der Wert ist leer'),
    said(`invalid date ${value}`, 'ongeldige datum $1', 'ungültiges Datum $1'),
    said(
        `invalid date ${value}: a time of day is not kept here`,
        'ongeldige datum $1: een tijd wordt hier niet bewaard',
        'ungültiges Datum $1: Eine Uhrzeit wird hier nicht gespeichert',
    ),
    said(`invalid uuid ${value}`, 'ongeldig id $1', 'ungültige id $1'),
    said(`invalid (?:integer|bigint|smallint) ${value}`, 'geen geheel getal: $1', 'keine ganze Zahl: $1'),
    said(`invalid (?:numeric|number|double precision|real) ${value}`, 'geen getal: $1', 'keine Zahl: $1'),
    said(`invalid boolean ${value}`, 'geen ja of nee: $1', 'weder ja noch nein: $1'),
    said(`invalid json(?:b)? ${value}`, 'geen geldige JSON: $1', 'kein gültiges JSON: $1'),
    said(
        `invalid value ${value}, expected one of: (.*)`,
        'ongeldige waarde $1; toegestaan: $2',
        'ungültiger Wert $1; zulässig: $2',
    ),
    said(`value ${value} is less than the minimum (.*)`, '$1 is kleiner dan $2', '$1 ist kleiner als $2'),
    said(`value ${value} is greater than the maximum (.*)`, '$1 is groter dan $2', '$1 ist größer als $2'),
    said(
        `value ${value} has more than (\\d+) decimal digits`,
        '$1 heeft meer dan $2 decimalen',
        '$1 hat mehr als $2 Nachkommastellen',
    ),
    said(
        `value ${value} has more than (\\d+) digits before the point`,
        '$1 heeft meer dan $2 cijfers voor de komma',
        '$1 hat mehr als $2 Stellen vor dem Komma',
    ),
    said(
        'value is too long: (\\d+) characters, at most (\\d+) are allowed',
        'te lang: $1 tekens, hoogstens $2 zijn toegestaan',
        'zu lang: $1 Zeichen, höchstens $2 sind zulässig',
    ),
    said(
        'value is too short: (\\d+) characters, at least (\\d+) are needed',
        'te kort: $1 tekens, ten minste $2 zijn nodig',
        'zu kurz: $1 Zeichen, mindestens $2 sind nötig',
    ),
    said(
        `value ${value} does not match pattern (.*)`,
        '$1 past niet bij het patroon $2',
        '$1 passt nicht zum Muster $2',
    ),
    said(
        `value ${value} has white space at an end`,
        '$1 begint of eindigt met een spatie',
        '$1 beginnt oder endet mit einem Leerzeichen',
    ),
    said(
        'no live (\\w+) has external_id (".*") of source (".*")',
        'er is geen $1 met extern nummer $2 van bron $3',
        'es gibt keinen Satz ($1) mit externer Nummer $2 der Quelle $3',
    ),
    said('no live (\\w+) has (id|name) (".*")', 'er is geen $1 met $2 $3', 'es gibt keinen Satz ($1) mit $2 $3'),
    said(
        'the (\\w+) it belongs to is deleted',
        'de $1 waar dit bij hoort is verwijderd',
        'der Satz ($1), zu dem dies gehört, ist gelöscht',
    ),
    said(
        'several live rows of (\\w+) have the name (".*")',
        'meerdere records ($1) hebben de naam $2',
        'mehrere Sätze ($1) haben den Namen $2',
    ),
    said('refers to the record itself', 'verwijst naar het record zelf', 'verweist auf den Satz selbst'),
    said(
        'the record that it refers to was not written',
        'het record waarnaar dit verwijst is niet geschreven',
        'der Satz, auf den dies verweist, wurde nicht geschrieben',
    ),
    said(
        'the (\\w+) would be its own ancestor',
        'zou zijn eigen voorouder zijn ($1)',
        'wäre sein eigener Vorfahr ($1)',
    ),
    said('a row with this external key exists', 'dit externe nummer bestaat al', 'diese externe Nummer gibt es schon'),
    said(
        'the row with this external key is deleted',
        'het record met dit externe nummer is verwijderd',
        'der Satz mit dieser externen Nummer ist gelöscht',
    ),
    said(
        'names that begin with "_" are reserved',
        'namen die met „_” beginnen zijn gereserveerd',
        'Namen, die mit „_“ beginnen, sind reserviert',
    ),
    said(
        'the table has no column for this field',
        'de tabel heeft geen kolom voor dit veld',
        'die Tabelle hat keine Spalte für dieses Feld',
    ),
    said(
        'source (".*") is known and differs only in case',
        'bron $1 is bekend en verschilt alleen in hoofdletters',
        'Quelle $1 ist bekannt und unterscheidet sich nur in der Groß- und Kleinschreibung',
    ),
    said(
        'linked to the row that has the same natural key',
        'gekoppeld aan het record met hetzelfde nummer of dezelfde naam',
        'verknüpft mit dem Satz, der dieselbe Nummer oder denselben Namen hat',
    ),
    said(
        'a quote stands inside a cell, or a quoted cell is never closed',
        'er staat een aanhalingsteken in een cel, of een cel met aanhalingstekens wordt niet afgesloten',
        'ein Anführungszeichen steht in einer Zelle, oder eine Zelle in Anführungszeichen wird nicht geschlossen',
    ),
    said(
        'the line has (\\d+) cells, the header (\\d+)',
        'de regel heeft $1 cellen, de kop $2',
        'die Zeile hat $1 Zellen, die Kopfzeile $2',
    ),
    said('the cell has a NUL byte in it', 'er staat een NUL-teken in de cel', 'in der Zelle steht ein NUL-Zeichen'),
    said(
        'line (\\d+): a quoted cell is never closed',
        'regel $1: een cel met aanhalingstekens wordt niet afgesloten',
        'Zeile $1: Eine Zelle in Anführungszeichen wird nicht geschlossen',
    ),
    said(
        'line (\\d+): a quote stands inside a cell of the header',
        'regel $1: er staat een aanhalingsteken in een cel van de kop',
        'Zeile $1: Ein Anführungszeichen steht in einer Zelle der Kopfzeile',
    ),
    said(
        'line (\\d+): invalid byte sequence for encoding (\\S+)',
        'regel $1: dit is geen $2; kies een andere tekenset',
        'Zeile $1: Das ist kein $2; wählen Sie einen anderen Zeichensatz',
    ),
    said('the file has no line with anything in it', 'er staat niets in het bestand', 'die Datei ist leer'),
    said(
        'no column of the file is a field of (\\w+)',
        'geen enkele kolom is een veld van $1',
        'keine Spalte ist ein Feld von $1',
    ),
    said(
        'columns (".*") and (".*") are both (".*")',
        'de kolommen $1 en $2 zijn beide $3',
        'die Spalten $1 und $2 sind beide $3',
    ),
    said(
        'an import was broken off, for the gateway stops',
        'de import is afgebroken omdat de server stopt',
        'der Import wurde abgebrochen, weil der Server beendet wird',
    ),
    said('run (\\S+) does not exist', 'er is geen run $1', 'es gibt keinen Lauf $1'),
    said('no import (\\S+) is running', 'import $1 loopt niet', 'der Import $1 läuft nicht'),
    said('role "(.*)" does not exist', 'er is geen rol „$1”', 'es gibt keine Rolle „$1“'),
    said('must be member of role "(.*)"', 'u moet lid zijn van de rol „$1”', 'Sie müssen Mitglied der Rolle „$1“ sein'),
    said('the time of expiry has passed already', 'die dag is al voorbij', 'dieser Tag ist schon vorbei'),
    said(
        'the URL of a webhook must begin with https://',
        'het adres moet met https:// beginnen',
        'die Adresse muss mit https:// beginnen',
    ),
];

// A text of the server in Dutch (1) or German (2); one behind "path: " too.
export function translateSaid(text: string, place: 1 | 2): string {
    for (const [known, ...translations] of texts)
        if (known.test(text)) return text.replace(known, translations[place - 1]!);
    const behind = /^([\w.[\]]+): (.*)$/s.exec(text);
    return behind ? `${behind[1]}: ${translateSaid(behind[2]!, place)}` : text;
}
