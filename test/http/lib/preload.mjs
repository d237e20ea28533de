// Libraries that stand before the C library and libpq, and make some of what they do slow.
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Compiles such a file of this folder; gives the environment of a program that is to have it before the sanitizer's own.
export function preload(name) {
    const library = join(mkdtempSync(join(process.env.ERYXON_HTTP_WORK ?? '/tmp', 'preload-')), `${name}.so`);
    const source = fileURLToPath(new URL(`${name}.c`, import.meta.url));
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl'], { stdio: 'pipe' });
    return { LD_PRELOAD: library, ASAN_OPTIONS: 'abort_on_error=0:exitcode=99:verify_asan_link_order=0' };
}
