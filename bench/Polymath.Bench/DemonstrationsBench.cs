using Polymath.Adaptation;
using Polymath.Evaluation;
using Polymath.Features;
using Polymath.Generation;
using Polymath.Tasks;

namespace Polymath.Bench;

/// <summary>
/// Which training rows to show: each way at several numbers of rows, on a sample of test rows, plain and with contextual calibration; beside it the plain vote of the labels of
/// the rows that are shown, and the label of the one among them that is most similar. Intervals are bootstrap over test rows, of the mean over seeds.
/// </summary>
internal static class DemonstrationsBench
{
    private static readonly Dictionary<string, (string Input, Dictionary<string, string> Words)> Tasks = new()
    {
        ["trec"] = ("Question: {{text}}\nAnswer type: {{answer}}", new() { ["ABBR"] = "abbreviation", ["DESC"] = "description", ["ENTY"] = "entity", ["HUM"] = "person", ["LOC"] = "location", ["NUM"] = "number" }),
        ["cr"] = ("Review: {{text}}\nSentiment: {{answer}}", new() { ["negative"] = "negative", ["positive"] = "positive" }),
    };

    public static int Run(string[] args)
    {
        var path = Timing.Option(args, "--model", Timing.Shared("models", "SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct-Q4_1.gguf"));
        var (testRows, seeds, window) = (Timing.Number(args, "--rows", 200), Timing.Number(args, "--seeds", 5), Timing.Number(args, "--window", 25));
        int[] counts = [.. Timing.Option(args, "--shots", "4,8,16").Split(',').Select(int.Parse)];
        DemonstrationMethod[] methods = [.. Timing.Option(args, "--methods", string.Join(',', DemonstrationMethods.Names)).Split(',').Select(DemonstrationMethods.Parse)];
        using var loaded = LanguageModel.Load(path);
        using var encoder = Backbone.Load(Timing.Option(args, "--encoder", Timing.Shared("models", "all-MiniLM-L6-v2")));
        var model = PromptModel.Of(loaded);
        Timing.Announce($"demonstrations: {model.Reference.Name}, rows chosen by the features of {encoder.Name}, {testRows} test rows (drawn with seed 0), {seeds} seeds where random");
        foreach (var set in Timing.Option(args, "--data", "trec,cr").Split(','))
        {
            var train = LabelledRows.From(Sentences.Of(set, "train"));
            var test = LabelledRows.From(Sentences.Of(set, "test"), train.Map);
            test = test.Take([.. DemonstrationRanking.Random(test.Rows.Count, 0).Take(testRows).Order()]);
            new Ways(model, encoder, set, train, test, seeds, window).Run(counts, methods);
        }
        return 0;
    }

    /// <summary>Right (1) or wrong (0), [seed][row].</summary>
    private sealed record Hits(double[][] Plain, double[][] Calibrated, double[][] Vote, double[][] Similar);

    private sealed class Ways
    {
        private readonly PromptModel _model;
        private readonly BoundPrompt _prompt;
        private readonly LabelledRows _train, _test;
        private readonly FeatureMatrix _trainX, _testX;
        private readonly Demonstration[] _pool;
        private readonly Dictionary<DemonstrationMethod, int[]> _ranked = [];
        private readonly string _set;
        private readonly int _seeds, _window;

        public Ways(PromptModel model, Backbone encoder, string set, LabelledRows train, LabelledRows test, int seeds, int window)
        {
            (_model, _set, _train, _test, _seeds, _window) = (model, set, train, test, seeds, window);
            var verbalizer = new Verbalizer(train.Map.Names, Tasks[set].Words.ToDictionary(word => word.Key, word => (IReadOnlyList<string>)[word.Value]));
            _prompt = new BoundPrompt(model, new PromptTemplate(Tasks[set].Input), verbalizer);
            (_trainX, _testX) = (UnitFeatures.Of(encoder, train.Rows, null), UnitFeatures.Of(encoder, test.Rows, null));
            _pool = [.. train.Rows.Select((row, r) => new Demonstration(row, verbalizer.Words[train.Labels[r]][0]))];
        }

        public void Run(int[] counts, DemonstrationMethod[] methods)
        {
            Console.WriteLine($"\n{_set}: {_train.Rows.Count} training rows to choose from, {_test.Rows.Count} test rows\n| shown | chosen | plain | calibrated | vote | most similar shown | tokens | seconds |\n|---:|---|---:|---:|---:|---:|---:|---:|");
            var zero = Measure(Enumerable.Repeat(Array.Empty<int>(), _test.Rows.Count).ToArray(), out var tokens, out var seconds);
            Console.WriteLine($"| 0 | | {Show([zero.Plain])} | {Show([zero.Calibrated])} | | | {tokens} | {seconds:F0} |");
            foreach (var count in counts)
            {
                var found = new Dictionary<DemonstrationMethod, Hits>();
                foreach (var method in methods)
                {
                    var random = method is DemonstrationMethod.Random or DemonstrationMethod.Balanced;
                    var runs = Enumerable.Range(0, random ? _seeds : 1).Select(seed => (Result: Measure(Choose(method, count, seed), out var t, out var s), Tokens: t, Seconds: s)).ToArray();
                    var hits = found[method] = new Hits([.. runs.Select(run => run.Result.Plain)], [.. runs.Select(run => run.Result.Calibrated)], [.. runs.Select(run => run.Result.Vote)], [.. runs.Select(run => run.Result.Similar)]);
                    Console.WriteLine($"| {count} | {method.Name()}{(random ? $", {_seeds} seeds" : "")} | {Show(hits.Plain)} | {Show(hits.Calibrated)} | {Show(hits.Vote)} | {Show(hits.Similar)} | {runs.Average(run => run.Tokens):F0} | {runs.Sum(run => run.Seconds):F0} |");
                }
                if (found.TryGetValue(DemonstrationMethod.Random, out var drawn))
                    foreach (var (method, hits) in found.Where(one => one.Key != DemonstrationMethod.Random))
                        Console.WriteLine($"<!-- {count} shown, {method.Name()} less random: plain {Difference(hits.Plain, drawn.Plain)}, calibrated {Difference(hits.Calibrated, drawn.Calibrated)} -->");
            }
            Console.WriteLine($"<!-- load {Timing.Load()} -->");
        }

        /// <summary>Training rows shown before each test row, the best last.</summary>
        private int[][] Choose(DemonstrationMethod method, int count, int seed)
        {
            var options = new DemonstrationOptions { Count = count };
            if (method == DemonstrationMethod.Nearest) return [.. Enumerable.Range(0, _test.Rows.Count).Select(r => DemonstrationSource.Take(DemonstrationRanking.Nearest(_trainX, _testX.Row(r)), options, _ => 0))];
            var ranked = method switch
            {
                DemonstrationMethod.Random => DemonstrationRanking.Random(_pool.Length, seed),
                DemonstrationMethod.Balanced => DemonstrationRanking.Balanced(_train.Labels, seed),
                _ when _ranked.TryGetValue(method, out var known) => known,
                DemonstrationMethod.Diverse => _ranked[method] = DemonstrationRanking.Diverse(_trainX, 64),
                _ => _ranked[method] = DemonstrationRanking.SupportVectors(_trainX, _train.Labels, _train.Classes, default),
            };
            return [.. Enumerable.Repeat(DemonstrationSource.Take(ranked, options, _ => 0), _test.Rows.Count)];
        }

        private (double[] Plain, double[] Calibrated, double[] Vote, double[] Similar) Measure(int[][] shown, out double tokens, out double seconds)
        {
            var report = new PromptReport();
            var same = shown.All(rows => rows.AsSpan().SequenceEqual(shown[0]));
            var (plain, calibrated) = (new double[shown.Length], new double[shown.Length]);
            seconds = Timing.Seconds(() =>
            {
                double[]? free = null;
                foreach (var rows in Enumerable.Range(0, shown.Length).Chunk(same ? shown.Length : _window))
                {
                    var requests = rows.SelectMany(r => (ScoringRequest[])[_prompt.Ask(_test.Rows[r], Rows(shown[r]), report), .. same ? [] : _prompt.AskWithoutContent(Calibration.ContentFree, Rows(shown[r]))]).ToList();
                    if (same) requests.AddRange(_prompt.AskWithoutContent(Calibration.ContentFree, Rows(shown[0])));
                    double[][] scores = [.. _model.Scorer.LogProbabilities(requests).Select(_prompt.Read)];
                    var step = same ? 1 : 1 + Calibration.ContentFree.Count;
                    if (same) free = Calibration.Contextual(scores[rows.Length..]);
                    for (var at = 0; at < rows.Length; at++)
                    {
                        plain[rows[at]] = Right(scores[at * step], rows[at]);
                        calibrated[rows[at]] = Right(Calibration.Apply(scores[at * step], free ?? Calibration.Contextual(scores[(at * step + 1)..((at + 1) * step)])), rows[at]);
                    }
                }
            });
            tokens = Math.Round((double)report.Tokens / report.Prompts);
            double Of(int r, Func<int[], int> answer) => shown[r].Length > 0 && answer(shown[r]) == _test.Labels[r] ? 1 : 0;
            return (plain, calibrated, [.. Enumerable.Range(0, shown.Length).Select(r => Of(r, Vote))], [.. Enumerable.Range(0, shown.Length).Select(r => Of(r, rows => _train.Labels[rows.MaxBy(row => System.Numerics.Tensors.TensorPrimitives.Dot(_trainX.Row(row), _testX.Row(r)))]))]);
        }

        /// <summary>The most frequent label; of equals that of the row shown last, which is the nearest.</summary>
        private int Vote(int[] rows) => rows.Reverse().GroupBy(row => _train.Labels[row]).MaxBy(group => group.Count())!.Key;

        private Demonstration[] Rows(int[] rows) => [.. rows.Select(row => _pool[row])];

        private double Right(double[] scores, int row) => Array.IndexOf(scores, scores.Max()) == _test.Labels[row] ? 1 : 0;

        private static string Show(double[][] hits)
        {
            var interval = Bootstrap.Interval(hits[0].Length, counts => Mean(hits, counts));
            return $"{100 * interval.Value:F1} [{100 * interval.Low:F1}, {100 * interval.High:F1}]";
        }

        private static string Difference(double[][] a, double[][] b)
        {
            var found = PairedBootstrap.Compare(a[0].Length, counts => Mean(a, counts), counts => Mean(b, counts));
            return $"{100 * found.Difference:+0.0;-0.0} [{100 * found.Low:+0.0;-0.0}, {100 * found.High:+0.0;-0.0}]";
        }

        private static double Mean(double[][] hits, int[] counts) => hits.Average(seed => counts.Length == 0 ? seed.Average() : seed.Select((hit, r) => hit * counts[r]).Sum() / counts.Sum());
    }
}
