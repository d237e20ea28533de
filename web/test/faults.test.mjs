// Every reason of a fault, in the sources of the extension, has its text in Dutch and German, made of the same values.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import typescript from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path) => readFileSync(root + path, 'utf8');

// The table of messages, by reason.
const table = read('src/core/json/fault_reason.cpp').split('entries[] = {')[1].split('\n};')[0];
const messages = new Map(
    [...table.matchAll(/\{"(\w+)",\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\}/g)].map(([, reason, text]) => [reason, text]),
);
// Reasons of errors that SQL raises; their values are not listed anywhere.
const raised = readdirSync(`${root}sql/install`)
    .flatMap((name) => [...read(`sql/install/${name}`).matchAll(/'reason', '(\w+)'|"reason": "(\w+)"/g)])
    .map((found) => found[1] ?? found[2]);

const script = typescript.transpileModule(read('web/src/i18n/faults.ts'), {
    compilerOptions: { module: typescript.ModuleKind.ESNext, target: typescript.ScriptTarget.ES2022 },
}).outputText;
const { faults, types, kinds } = await import(`data:text/javascript,${encodeURIComponent(script)}`);

const values = (text) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))].sort();

test('every reason has a text in each language, and no text is left over', () => {
    assert.ok(messages.size > 60 && raised.length > 5);
    assert.deepEqual(Object.keys(faults).sort(), [...messages.keys(), ...raised].sort());
    for (const [reason, texts] of Object.entries(faults)) assert.ok(texts.length === 2 && texts.every(Boolean), reason);
});

test('texts have no value that the message has not', () => {
    for (const [reason, message] of messages) {
        if (message === '""') continue;
        for (const text of faults[reason])
            assert.deepEqual(values(text).filter((name) => !values(message).includes(name)), [], reason);
    }
});

test('every type and kind that a message can name has its words', () => {
    const conversions = ['convert', 'convert_number', 'record_key', 'references'].map((name) =>
        read(`src/core/record/${name}.cpp`),
    );
    const nouns = conversions.flatMap((text) => [
        ...text.matchAll(/type_fault\((?:only_object \? )?"([\w ]+)"(?: : "([\w ]+)")?/g),
        ...text.matchAll(/\{"type", "([\w ]+)"\}/g),
    ]);
    const named = new Set(nouns.flatMap(([, ...words]) => words.filter(Boolean)));
    assert.ok(named.size > 5);
    for (const noun of named) assert.ok(noun in types, noun);
    const phrases = read('src/core/json/fault_text.cpp').split('type_phrase(JsonType type) {')[1];
    for (const [, phrase] of phrases.matchAll(/return "([a-z ]+)";/g)) assert.ok(phrase in kinds, phrase);
});

test('the documentation lists every reason', () => {
    const text = read('docs/errors.md');
    for (const reason of [...messages.keys(), ...raised]) assert.ok(text.includes(`\`${reason}\``), reason);
});
