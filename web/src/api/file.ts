// What can be told of a file before it is sent: whether it can be read, and whether it is CSV at all.

// Why a file cannot be sent.
export type FileProblem = 'unreadable' | 'empty' | 'workbook' | 'utf16';

export class FileError extends Error {
    constructor(readonly problem: FileProblem) {
        super(problem);
    }
}

// How files begin that are no CSV.
const beginnings: [bytes: number[], problem: FileProblem][] = [
    [[0x50, 0x4b, 0x03, 0x04], 'workbook'],
    [[0xd0, 0xcf, 0x11, 0xe0], 'workbook'],
    [[0xff, 0xfe], 'utf16'],
    [[0xfe, 0xff], 'utf16'],
];

// The bytes of a part of a file. A file that changed since it was chosen cannot be read, nor can a folder.
async function bytesOf(part: Blob): Promise<Uint8Array> {
    try {
        return new Uint8Array(await part.arrayBuffer());
    } catch {
        throw new FileError('unreadable');
    }
}

// Fails if the file cannot be read.
export async function readable(file: Blob): Promise<void> {
    await bytesOf(file.slice(0, 1));
}

// Fails if the file cannot be read or is no CSV.
export async function checkFile(file: Blob): Promise<void> {
    const first = await bytesOf(file.slice(0, 4));
    if (first.length === 0) throw new FileError('empty');
    for (const [bytes, problem] of beginnings)
        if (bytes.every((byte, index) => first[index] === byte)) throw new FileError(problem);
}

const BEGINNING_BYTES = 1 << 20;
const LINE_FEED = 0x0a;

// The first lines of a file, enough to see how it is cut into columns.
export async function beginning(file: Blob): Promise<Blob> {
    if (file.size <= BEGINNING_BYTES) return file;
    const bytes = await bytesOf(file.slice(0, BEGINNING_BYTES));
    const end = bytes.lastIndexOf(LINE_FEED);
    return end < 0 ? file : file.slice(0, end + 1);
}
