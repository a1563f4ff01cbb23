import { assert, assertEquals } from "@std/assert";
import { packageExports } from "../tools/exports.ts";
import { registryFlags } from "../tools/registry.ts";

/** Every name a user can import, by the export of deno.json, a line for each first letter: a change here is one for them. */
const NAMES: Record<string, string> = {
  ".": `
    CivikitError CivikitTransport Civitai ContentError CreateTransportOptions
    DiskError DownloadModelOptions DownloadOptions DownloadProgress DownloadResult
    ErrorCode
    HttpError
    InputError InvalidResponseError
    Middleware
    NetworkError
    Transport
    VerificationError
    auth
    breaker
    civitai compose createTransport
    dedupe download downloadAll downloadModel
    fetchTransport
    getJson
    hint httpCache
    memoryStore
    rangeTransport rateLimit resumeTransport retry
    sqliteStore status
    timeout toFetch
  `,
  "./create_transport": `
    CivikitTransport CreateTransportOptions
    createTransport
  `,
  "./transport": `
    AuthOptions
    BreakerOptions
    Circuit CivikitError CivikitErrorOptions Classify Clock ConnectionOptions ContentError Context
    DedupeOptions DigestFileOptions Digests DiskError DiskErrorOptions DownloadAllOptions DownloadBatch DownloadJob
    DownloadOptions DownloadOutcome DownloadPhase DownloadProgress DownloadResult
    ErrorCode ErrorReason
    FetchOptions FetchTransport
    HashName Hint HostHeaders HostLimit HttpError HttpErrorOptions HttpVersion
    InputError InputErrorOptions
    Locale
    Middleware
    NetworkError NetworkErrorOptions Next
    PoolOptions Promised ProxySettings
    RangeOptions RateLimitOptions Reach ResumeOptions RetryBudget RetryBudgetOptions RetryOptions RetryOutcome
    SafeFileNameOptions Sink StatusOptions
    Throttle TimeoutOptions Transport TransportEvent
    VerificationError VerificationErrorOptions
    Waiter
    auth
    breaker
    compose connections
    dedupe defaultUserAgent digestFile download downloadAll
    errorCodes errorReasons
    fetchTransport
    hashNames hint hostHeaders
    isCode
    observe
    rangeTransport rateLimit resumeTransport retry retryBudget
    safeFileName save status
    throttle timeout toFetch
    version
  `,
  "./api": `
    AddOptions Added AdoptOptions AdoptReport AdoptedFile Air ApartFile ApartReason Article ArticleQuery Articles
    AskedRecord Availability
    CallOptions Civitai CivitaiOptions CivitaiPolicy CivitaiPolicyOptions ClearOptions ClearOutcome Collection
    CollectionQuery Collections Creator CreatorQuery Creators
    DiskFile Disproved DownloadModelOptions DownloadedFile DuplicateGroup DuplicateOptions DuplicatePlan DuplicateReport
    EarlyAccessFacts EmptyOptions Enums EnumsCall Expected
    FactsLookup FetchFiles FetchFilesOptions FetchOutcome FileChoice FileFormat FileMetadata FileSelection FileStamp
    FileToHash FileToOrganize Files FindUpdatesOptions FinishUpdatesOptions FinishedUpdate FolderMove FolderOutcome FolderPlan FolderShelfOptions FolderStay
    Followers
    GalleryImage Generation Gguf
    HashCache HashCacheOptions HashFilesOptions HashLookup HashOutcome HashRecord Hashes HeadFacts Held HubFile
    Identity ImageOutcome ImageQuery ImageSize ImageSource ImageStats Images InstallOptions InstallOutcome InstallReport
    InvalidResponseError InvalidResponseErrorOptions
    KeepPolicy KeyCheck
    Layout LayoutFacts LayoutOptions LibraryFile LinkOutcome ListOptions ListPage ListPosition ListVersion ListedCreator
    Listing Lock LockedFile
    Manifest Me MeCall MeantMoves MediaType MiniVersion MiniVersionCall Model ModelDetails ModelFacts ModelFactsOptions ModelFile
    ModelFileType ModelImage ModelInfo ModelLookup ModelMode ModelProgress ModelQuery ModelReference ModelType
    ModelUpdates Models Move MoveStep MovesOptions MovesRecord MovesReport MovesState
    NamedModels Need NeedsOptions
    OnError OrNull OrganizeMove OrganizeOptions OrganizePlan Outdated OutdatedOptions OutdatedReport Owned OwnedFile
    PageOptions PaidAccess Permissions PlanFolderOptions Post Posts PresumeLookup PresumeReport PresumedFile
    PresumedRecord Presumption ProfileName Project ProjectApi ProjectOptions PutOptions
    Reference RefusedMove ResolveOptions ResolveWarning ResolvedFile Role
    Safetensors SaveImagesOptions ScanOptions ScanProgress ScanReport ScanResult SecondCopy SecondSource SelfTold
    SettleOptions
    SidecarOptions SidecarOutcome Site SiteReference Skip Stats Stay StayReason
    Tag TagQuery Tags TensorInfo TensorMetadata Trash TrashedItem
    UpdateFolderOptions UpdateOptions UpdatePlan UpdateReport UpdateRules UpdateState UrlReference Usage UsageChange
    UsageControl UsedModel User Users
    Vault VaultItem VaultQuery VaultState VerifyOptions VerifyOutcome Version VersionCore VersionIds VersionReference
    VersionStanding VersionSummary Versions
    Walk WalkOptions Wanted WantedFailure WantedFile WantedMove
    addModel adopt applyMoves applyOrganize applyUpdate
    checkMoves civitai civitaiPolicy classifyCivitai clearDuplicate continueMoves
    downloadModel
    earlyAccessOf
    findDuplicates findUpdates findWanted finishUpdates folderShelf followMoves formatAir
    galleryImageId generationOf generationOfTexts getJson
    hashCache hashFiles hubFile
    imageId imageTexts imageUrl install isHubUrl
    keepPolicies
    layout layoutFacts layoutFolders layoutNames linkDuplicates lockName
    manifestName meantMoves modelDetails modelExtensions modelFacts modelsIn movesHistory
    needsOf
    openProject openTrash otherUrls outdated
    parseAir parseReference parseRule planDuplicates planFolderUpdate planMoves planOrganize planUpdate presume
    readApart readGguf readModelInfo readSafetensors readUsage recordDownload recordedFiles removeModel resolveDownloads
    saveImages scan scanDuplicates setUpdateRules setUsage settleFolders settlePresumed sniffMedia
    templateSource
    undoMoves updateFolder usedModels usedModelsOfGraph usedModelsOfImage
    verify
    walk withRules writeSidecars
  `,
  "./cache": `
    CacheEntry CacheFilter CacheInfo CacheKey CacheListing CacheOutcome CacheStats CacheStore CacheVerdict CacheWriter
    Field
    HttpCacheOptions
    MaybePromise MemoryStoreOptions
    SqliteStoreOptions StoredHead
    cacheInfo
    httpCache
    memoryStore
    partitionOf
    sqliteStore
  `,
  "./monitor": `
    Attempt AttemptLabels
    CacheNumbers CounterName CounterSnapshot
    Diagnostics DiagnosticsOptions DownloadReport
    ErrorAnalysis ErrorReport EventBus EventBusOptions
    FailureRecord
    Histogram HostReport
    LatencyAnalysis LiveProcess LiveState LiveTable LiveTableOptions LiveTransfer LiveVerdict LiveWriterOptions LogEntry
    LogLevelName Logger Logs LogsOptions
    MemoryGuard MemoryGuardOptions MemorySnapshot MetricsOptions MetricsRegistry MetricsRegistryOptions Monitor
    MonitorEvent MonitorEventBody MonitorOptions MonitoredOptions
    PrometheusNumbers
    QueuedJob
    Recorder RecorderOptions RegistrySnapshot Report ReportFormat ReportOptions RequestNumbers RequestOutcome
    RequestSample RequestTotals RouteReport
    SeriesSnapshot StatsDelta StatsStore StatsStoreOptions StatsWindow
    TimeSpan TimelinePoint Transfer TransferAbout TransferEnding TransferList TransferReason TransferSnapshot
    TransferSource TransferState
    Verdict VerdictLevel
    Wish WorkingProcess
    analyseErrors analyseLatency
    canObey
    diagnostics
    errorRateVerdict eventBus
    formatReport
    liveTable logLines logParts logRequests
    memoryGuard metrics metricsRegistry
    openLogs openMonitor
    parseLogLine prometheusText
    recorder report responseTimeVerdict routeOf
    statsStore
    tailLines
  `,
  "./hub": `
    ActiveState AddedJob AdoptedShown Adoption AskQueued
    CheckedJob
    DiskMark
    EndedState
    Failure FailureEvent FindState
    Job JobAction JobEnding JobMove JobOptions JobPage JobProgress JobQueue JobReason JobState JobVerdict JudgedPage
    KeepFile KeptRound
    LetGo Level Library LibraryFilter LibraryOptions LibraryPage LibraryRow LibraryTask ListJobs ListRows ListWatched
    ModelOnDisk
    NewFind NewJob NewWatchRule NewerVersion News
    OpenOutboxOptions Outbox
    Pairing Parts Preview PreviewLine PreviewSource Previews Problem ProjectEntry ProjectFile ProjectOutcome ProjectPort
    ProjectPortOptions ProjectTask ProjectTrouble Proving PublishedFile
    QueueAbilities QueueChange QueueIntent QueueWork QueueWorker Queued
    RateLimit Rates Role RoundResult RowState RuleEvent RunPhase RunQueueOptions RunWatch RunWatchOptions RunWatcher
    Search SearchPage SearchQuery SearchWords Service ServiceOptions SettingRow SettingsPort ShownRow SlowMode
    SqliteQueueOptions StartAnswer
    Target TargetKind TargetState TargetTeller TellTargetsOptions Tidy TidyEnd TidyKind TidyOptions
    UpdateTools
    WatchAction WatchChange WatchEvent WatchFilters WatchFind WatchOptions WatchPort WatchPreview WatchRound WatchRule
    WatchSchedule WatchSettings WatchStore WatchStoreOptions WatchTarget WatchThing WatchWork Wish WorkSettings WorkTeller
    activeStates askAnew
    checkedJob
    earlyAccessWords endedStates
    failureEvents
    isKeyless jobStates
    levels libraryFilters livingWorkers
    modelFolders
    openLibrary openOutbox openProjectPort openTidy
    periods
    readTarget readWatchTarget runQueue runWatch
    service sorts sqliteQueue
    targetKinds targetText tellTargets
    wakeRules watchPreview watchSchedule watchStore workTeller
  `,
  "./fleet": `
    BullQueue BullQueueOptions
    CheckMirror CheckStoreOptions CleanOptions
    FileStore FillMirrorOptions FleetEngine FleetWorker
    KeptFile
    ManyRedis MirrorFirstOptions MirrorOutcome MirrorTrouble
    OneRedis OpenRedisOptions
    ProveOptions PutFile PutOptions
    RedisClient RedisHealth RedisStoreOptions
    S3Credentials S3Place S3StoreOptions SharedLimitsOptions SignS3Options StoreCheck StoreProgress StoredFile
    UnfinishedUpload
    bullQueue
    checkStore
    fillMirror
    lookAtRedis
    mirrorFirst
    openRedis
    parseS3Place
    redisStore
    s3Store sharedLimits signS3
  `,
  "./testing": `
    CatalogueFile CatalogueModel CatalogueOptions CatalogueVersion CheckClientOptions ChecksumName CivitaiFaults CivitaiListenOptions CivitaiLogEntry CivitaiServer ClientTask Content
    Deed
    EmbeddedCivitai EmbeddedCivitaiOptions EmbeddedS3 EmbeddedS3Options EmbeddedS3Server Ending
    FakeClock Fault FaultKind FaultyOrigin FaultyOriginOptions FileHashes FileSpec Found Framing
    GgufOptions
    HubOptions
    Link LinkOptions ListQuirks ListenOptions LogEntry
    OriginFile OriginOptions OriginServer
    Refusal Reply RunClient
    S3Abilities S3Deed S3Fault S3LogEntry S3Operation S3Upload S3User Safetensors SafetensorsOptions Scene Schedule ScheduleOptions StoredObject StoredPart
    TlsDeed TlsFault TlsLogEntry TlsOrigin TlsOriginOptions Trial TrialResult
    User
    Verdict
    Where
    avif
    checkClient contentAt
    digestOf
    embeddedCivitai embeddedS3 exif
    fakeClock faultKinds faultyOrigin faultyTlsOrigin fixed flipped
    gguf
    hashesOf hubRoute
    joined jpeg
    needsServer
    pieces png
    randomFrom randomSchedule refusals
    safetensors seeded settle sha256Of silentKinds survivableKinds
    testCertificate trials
    webp
  `,
  "./cli": `
    ExitCode
    Io
    JsonEvent
    main
    processIo
  `,
};

const namesIn = (text: string): string[] => text.trim().split(/\s+/);

/** The names a module exports, types too, sorted. */
async function namesOf(module: string): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", "--quiet", ...await registryFlags(), module],
    cwd: new URL("../", import.meta.url),
  }).output();
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as {
    nodes: Record<string, { symbols: { name: string }[] }>;
  };
  return Object.values(nodes).flatMap(({ symbols }) => symbols.map(({ name }) => name)).toSorted();
}

Deno.test("every export of deno.json offers the names listed here and no others", async () => {
  const exported = await packageExports();
  assertEquals(Object.keys(exported), Object.keys(NAMES));
  const found = await Promise.all(Object.values(exported).map(namesOf));
  assertEquals(found, Object.values(NAMES).map(namesIn));
});

Deno.test("the root offers at most 40 names", () => {
  assert(namesIn(NAMES["."]!).length <= 40);
});
