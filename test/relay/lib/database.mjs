// The database of the test, by psql.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

// Runs SQL as superuser and returns what psql prints, without the last line's end.
export async function sql(statement, ...options) {
    const { stdout } = await run('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1', ...options, '-c', statement], { maxBuffer: 2 ** 28 });
    return stdout.replace(/\n$/, '');
}

// Tells whether psql ended because the server was away or went away, by its messages: its status does not always tell.
export const lostServer = (messages) =>
    /connection to server .* failed|connection to server was lost|server closed the connection|terminating connection/.test(messages);

// Runs SQL again until the server takes it, while it is away for a restart.
export async function sqlInTheEnd(statement) {
    let answer;
    await until('the database answers', async () => {
        try {
            answer = await sql(statement);
            return true;
        } catch (error) {
            if (!lostServer(error.stderr)) throw error;
            return false;
        }
    });
    return answer;
}

// Restarts the server of a folder as after a crash.
export async function restart(folder, root) {
    const script = '. "$0/script/lib/common.sh"; . "$0/script/lib/cluster.sh"; cluster_restart "$1" immediate';
    await run('bash', ['-c', script, root, folder]);
}

export const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

// Waits until a condition holds, and fails after some seconds.
export async function until(what, condition, seconds = 60, every = 0.1) {
    const end = Date.now() + seconds * 1000;
    while (!(await condition())) {
        if (Date.now() > end) throw new Error(`waited ${seconds} s in vain: ${what}`);
        await pause(every);
    }
}
