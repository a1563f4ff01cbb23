import type { Locale } from "../../transport/mod.ts";

const en = {
  help: `<action> is one of:
  worker            works the queue of all machines off, until Ctrl-C (--once:
                    until it is empty)
  status            Redis, the workers of all machines, their jobs and rates
  drain <who>...    lets workers take no more jobs and end when those they have
                    are done: ids of workers, names of machines, or the word all

Machines are in one fleet that have the same fleet.redis and fleet.prefix. They
share one queue, one cache of answers and one politeness: limits and pauses after
a 429 hold for all of them. With fleet.store each file goes into that bucket, by
its SHA-256, before its job counts as done; a worker with --free then has it no
more, but where a job said itself where to. "civikit queue" and "civikit serve" work
with that queue, too, on every machine.

A worker that dies is noticed after two minutes, on its own machine at once; its
jobs go to others. Redis has to keep what it is told: appendonly yes, and the
maxmemory-policy noeviction. Its address may hold a password: it belongs into
CIVIKIT_FLEET_REDIS or the settings file, which only you can read.

With --json every line is an object with "event": joined, the states of jobs,
resting, kept, engine, worker, draining or summary.

examples:
  civikit config set fleet.redis redis://10.0.0.5:6379
  civikit queue add 128713 model:4384
  civikit fleet worker --jobs 4
  civikit fleet status
  civikit fleet drain lab-3`,
  clock: (redis: string, seconds: number): string =>
    `this machine's clock is ${Math.abs(seconds)} s ${seconds > 0 ? "ahead of" : "behind"} that of ${redis}, ` +
    "so that jobs of others would look abandoned, or its own would: set it (timedatectl set-ntp true)",
  freeWhere: "option --free: fleet.store is not set, so there is no bucket that would have the files",
  none: "no fleet: fleet.redis is not set; it is the address of the Redis that the machines share",
  newer: (id: string, form: number): string =>
    `job ${id} was written by a newer civikit (form ${form}): it is left to one that knows it`,
  joined: (worker: string, redis: string, prefix: string, store: string | undefined): string =>
    `${worker} works in the fleet "${prefix}" of ${redis}${store === undefined ? "" : `, files go to ${store}`}`,
  wouldJoin: (redis: string, prefix: string, waiting: number): string =>
    `would join the fleet "${prefix}" of ${redis}: ${waiting} ${waiting === 1 ? "job waits" : "jobs wait"}`,
  forgetful: (redis: string, why: string): string => `a restart of ${redis} loses the queue: ${why}`,
  forgets: {
    appendonly: 'it writes nothing down; "appendonly yes" in its settings helps',
    write: "its last write to the disk failed: look at its log, and at how much is free there",
    default_user:
      'its default user lacks rights, so that it drops on the way back what it wrote; "user default off ~* &* +@all" helps, and lets nobody in',
  },
  kept: (name: string, url: string, size: string): string => `kept: ${name} (${size} sent) ${url}`,
  trouble: (why: string): string => `the queue of the fleet is in trouble: ${why}`,
  drained: "no more jobs for this worker: it ends",
  engine: (redis: string, version: string, used: string, most: string | undefined, why: string | undefined): string =>
    `${redis}: ${version}, ${used}${most === undefined ? "" : ` of ${most}`} in use, ${
      why === undefined ? "writes down what it is told" : `a restart LOSES the queue: ${why}`
    }`,
  head: (): readonly string[] => ["WORKER", "MACHINE", "STATE", "JOBS", "SEEN"],
  working: "working",
  draining: "draining",
  silent: "silent",
  ago: (time: string): string => `${time} ago`,
  noWorkers: "no workers",
  counts: (states: readonly string[], rate: string): string => `${states.join(", ") || "no jobs"}; ${rate}`,
  whoDue: "who? ids of workers, names of machines, or the word all",
  noSuch: (who: string): string => `"${who}": no worker and no machine of this fleet; civikit fleet status lists them`,
  willDrain: (worker: string): string => `${worker}: takes no more jobs`,
  wouldDrain: (worker: string): string => `${worker}: would take no more jobs`,
  drains: (count: number): string => `${count} ${count === 1 ? "worker" : "workers"}`,
};

/** What `civikit fleet` says. */
export const fleetText: Readonly<Record<Locale, typeof en>> = {
  en,
  "zh-TW": {
    help: `<action> 是下列之一：
  worker            處理所有機器共用的佇列，直到按 Ctrl-C（--once：直到佇列空了）
  status            Redis、所有機器上的 worker、它們的工作與速率
  drain <誰>...     讓 worker 不再接新工作，手上的做完就結束：worker 的 id、機器的名稱，
                    或是 all 這個字

fleet.redis 與 fleet.prefix 都相同的機器屬於同一個機隊，共用一個佇列、一份回應的快取與一套禮貌：限流與 429 之後的暫停對所有機器都有效。設了 fleet.store，每個檔案會先以它的 SHA-256 放進那個儲存貯體，工作才算完成；worker 加上 --free，檔案就不留在機器上。這時每台機器上的「civikit queue」與「civikit serve」用的也是這個佇列。

worker 死掉，兩分鐘後會被發現，在同一台機器上則是馬上；它的工作交給別的 worker。Redis 一定要記住收到的東西：appendonly yes，而且 maxmemory-policy 是 noeviction。網址裡可以有密碼，所以要放在 CIVIKIT_FLEET_REDIS 或只有你能讀的設定檔。

加上 --json 時，每一行都是帶有 "event" 的物件：joined、工作的狀態、resting、kept、engine、worker、draining 或 summary。

範例：
  civikit config set fleet.redis redis://10.0.0.5:6379
  civikit queue add 128713 model:4384
  civikit fleet worker --jobs 4
  civikit fleet status
  civikit fleet drain lab-3`,
    clock: (redis, seconds) =>
      `這台機器的時鐘比 ${redis} ${seconds > 0 ? "快" : "慢"} ${Math.abs(seconds)} 秒，` +
      "別台的工作會看起來沒有人做，或別台會以為這台沒有消息：請校正（timedatectl set-ntp true）",
    freeWhere: "選項 --free：沒有設定 fleet.store，檔案沒有儲存貯體可放",
    none: "沒有機隊：沒有設定 fleet.redis，也就是機器共用的 Redis 的網址",
    newer: (id, form) => `工作 ${id} 是較新的 civikit 寫的（格式 ${form}）：留給看得懂的版本`,
    joined: (worker, redis, prefix, store) =>
      `${worker} 在 ${redis} 的機隊「${prefix}」工作${store === undefined ? "" : `，檔案放到 ${store}`}`,
    wouldJoin: (redis, prefix, waiting) => `會加入 ${redis} 的機隊「${prefix}」：有 ${waiting} 項工作在等`,
    forgetful: (redis, why) => `${redis} 重新啟動就會失去佇列：${why}`,
    forgets: {
      appendonly: "它什麼都不記；在它的設定加上 appendonly yes",
      write: "它上次寫入磁碟失敗；看它的紀錄檔與那裡的剩餘空間",
      default_user:
        "它的 default 使用者沒有權限，讀回自己寫的東西時會丟掉；寫成 user default off ~* &* +@all 就好，一樣誰都進不來",
    },
    kept: (name, url, size) => `已存入：${name}（送出 ${size}）${url}`,
    trouble: (why) => `機隊的佇列有問題：${why}`,
    drained: "這個 worker 不再有工作：結束",
    engine: (redis, version, used, most, why) =>
      `${redis}：${version}，使用 ${used}${most === undefined ? "" : `（上限 ${most}）`}，${
        why === undefined ? "會記住收到的東西" : `重新啟動就會失去佇列：${why}`
      }`,
    head: en.head,
    working: "工作中",
    draining: "收尾中",
    silent: "沒有消息",
    ago: (time) => `${time} 前`,
    noWorkers: "沒有 worker",
    counts: (states, rate) => `${states.join("、") || "沒有工作"}；${rate}`,
    whoDue: "要收尾的是誰？worker 的 id、機器的名稱，或是 all 這個字",
    noSuch: (who) => `「${who}」：這個機隊沒有這個 worker，也沒有這台機器；civikit fleet status 列出有哪些`,
    willDrain: (worker) => `${worker}：不再接新工作`,
    wouldDrain: (worker) => `${worker}：會不再接新工作`,
    drains: (count) => `${count} 個 worker`,
  },
};
