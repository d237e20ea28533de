// CSV of the stand-in gateway: quotes, line breaks in cells, any delimiter.

// The records of a text, each with the line at which it begins.
export function parse(text, delimiter) {
    const records = [];
    let cells = [];
    let cell = '';
    let quoted = false;
    let line = 1;
    let begin = 1;
    const finish = () => {
        cells.push(cell);
        if (cells.some((value) => value !== '')) records.push({ line: begin, cells });
        cells = [];
        cell = '';
    };
    for (let i = 0; i < text.length; i++) {
        const c = text[i];
        if (c === '\n') line++;
        if (quoted) {
            if (c !== '"') cell += c;
            else if (text[i + 1] === '"') cell += text[++i];
            else quoted = false;
        } else if (c === '"' && cell === '') quoted = true;
        else if (c === delimiter) {
            cells.push(cell);
            cell = '';
        } else if (c === '\n') {
            finish();
            begin = line;
        } else if (c !== '\r') cell += c;
    }
    if (cell !== '' || cells.length > 0) finish();
    return records;
}

// The delimiter that the first line has most of.
export function guessDelimiter(text) {
    const first = text.slice(0, text.indexOf('\n') >>> 0);
    return [',', ';', '\t', '|'].reduce(
        (best, c) => (first.split(c).length > first.split(best).length ? c : best),
        ',',
    );
}

// Bytes as text: UTF-8 if they are, else Windows-1252.
export function decode(bytes, wanted) {
    if (bytes.subarray(0, 4).toString('latin1') === 'PK\u0003\u0004')
        throw new Error('this is an Excel workbook, not a CSV file: save it as CSV');
    const encoding = wanted ?? (isUtf8(bytes) ? 'UTF8' : 'WIN1252');
    const label = { UTF8: 'utf-8', WIN1252: 'windows-1252', LATIN1: 'latin1' }[encoding];
    return { encoding, text: new TextDecoder(label).decode(bytes) };
}

function isUtf8(bytes) {
    try {
        new TextDecoder('utf-8', { fatal: true }).decode(bytes);
        return true;
    } catch {
        return false;
    }
}

const quote = (value) => (/[",;\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

// Records as CSV; what a spreadsheet would take for a formula begins with an apostrophe.
export function write(rows, neutral = false, delimiter = ',') {
    const cell = (value) => quote(neutral && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value);
    return rows.map((row) => row.map((value) => cell(String(value ?? ''))).join(delimiter) + '\r\n').join('');
}
