// What the sources of the pages must not hold, and that the texts of all languages fit each other.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../src/', import.meta.url));
const sources = readdirSync(folder, { recursive: true })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => ({ name, text: readFileSync(folder + name, 'utf8') }));

test('data cannot become markup, script or style', () => {
    assert.ok(sources.length > 20);
    const forbidden =
        /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|DOMParser|\beval\(|new Function|\bstyle=|javascript:/;
    for (const { name, text } of sources) assert.doesNotMatch(text, forbidden, name);
});

// The keys of a catalogue with the placeholders of their texts.
function catalogue(language) {
    const text = sources.find(({ name }) => name.endsWith(`${language}.ts`) && name.includes('i18n')).text;
    const entries = [...text.matchAll(/^ {4}'([\w.]+)':\s*([^]*?),\n(?= {4}'|\n|\})/gm)];
    return Object.fromEntries(
        entries.map(([, key, value]) => [key, [...new Set(value.match(/\{\w+\}/g))].sort().join(' ')]),
    );
}

test('the texts of all languages have the same places for values', () => {
    const english = catalogue('en');
    assert.ok(Object.keys(english).length > 200);
    for (const language of ['nl', 'de']) assert.deepEqual(catalogue(language), english, language);
});

test('every text is used', () => {
    const all = sources
        .filter(({ name }) => !/i18n.(en|nl|de)\.ts/.test(name))
        .map(({ text }) => text)
        .join('\n');
    const made = [
        'action.',
        'status.',
        'operation.',
        'chart.',
        'nav.',
        'import.step_',
        'import.title_',
        'keys.',
        'problem.',
        'deliveries.',
        'webhooks.reason_',
    ];
    const unused = Object.keys(catalogue('en')).filter(
        (key) => !all.includes(`'${key}'`) && !made.some((part) => key.startsWith(part)),
    );
    assert.deepEqual(unused, []);
});
