using System.Text.Json;
using Polymath.Checkpoints;
using Polymath.Generation;
using Polymath.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Backbones;

/// <summary>How close a folder must come to its reference dump.</summary>
public sealed record ReferenceCheckOptions
{
    /// <summary>Largest gap of hidden states, logits and losses, relative to the largest reference value of the tensor.</summary>
    public double Tolerance { get; init; } = 1e-5;
    /// <summary>Largest gap of gradients, relative likewise; a gradient's scale is at least 1 % of the folder's largest gradient.</summary>
    public double GradientTolerance { get; init; } = 1e-4;
    /// <summary>Where set, hidden states and logits are compared by this absolute gap instead.</summary>
    public double? Absolute { get; init; }
    /// <summary>Whether the network computes in float64, which tells a wrong network from rounding that deep layers made larger.</summary>
    public bool DoublePrecision { get; init; }
}

/// <summary>What came of comparing one kind of tensor.</summary>
/// <param name="Kind">hidden.0 …, logits, loss, gradients, pseudo-likelihood.</param>
/// <param name="Status">OK, FAIL or SKIP.</param>
/// <param name="Compared">Number of tensors compared.</param>
/// <param name="Gap">The largest gap.</param>
/// <param name="Worst">The tensor with the largest gap, or why it was skipped.</param>
public sealed record ReferenceCheckLine(string Kind, string Status, int Compared, double Gap, string Worst);

/// <summary>
/// Compares a Hugging Face folder with a reference dump: rows with hidden states and logits, a padded batch with loss and gradients
/// (<c>cases.safetensors</c>), and pseudo-likelihoods (<c>cases.json</c>). The way to prove a port to oneself.
/// </summary>
public static partial class ReferenceCheck
{
    /// <summary>Runs every comparison that the dump has material for.</summary>
    /// <param name="folder">config.json and weights.</param>
    /// <param name="casesFile">The dump; null for cases.safetensors in the folder.</param>
    /// <param name="options">Tolerances.</param>
    /// <exception cref="PolymathException">The folder or the dump cannot be read.</exception>
    public static IReadOnlyList<ReferenceCheckLine> Run(string folder, string? casesFile = null, ReferenceCheckOptions? options = null) =>
        Run(folder, casesFile ?? Path.Combine(folder, "cases.safetensors"), options ?? new(), AttentionLayout.Grouped, trainable: true);

    internal static IReadOnlyList<ReferenceCheckLine> Run(string folder, string casesFile, ReferenceCheckOptions options, AttentionLayout layout, bool trainable, bool fused = true)
    {
        using var scope = NewDisposeScope();
        using var cases = SafetensorsFile.Open(casesFile);
        using var checkpoint = Checkpoint.Open(folder);
        var config = NetworkConfig.Read(Path.Combine(folder, "config.json"));
        using var network = Families.Load(config, checkpoint, options.DoublePrecision ? ScalarType.Float64 : ScalarType.Float32, trainable, withHead: config.Head != HeadKind.None, fused && !options.DoublePrecision);
        var tally = new Tally(cases, options);
        CompareRows(network, cases, tally, layout);
        if (trainable && cases.Tensors.ContainsKey("batch.loss")) CompareBatch(network, cases, tally, layout);
        CompareLikelihoods(network, Path.ChangeExtension(casesFile, ".json"), tally);
        CompareGeneration(network, Path.ChangeExtension(casesFile, ".json"), tally);
        return tally.Lines();
    }

    private static void CompareRows(Network network, SafetensorsFile cases, Tally tally, AttentionLayout layout)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        int[][] ids = [.. ReadRows(cases, "input_ids")];
        if (ids.Length == 0) return;
        int[][] types = [.. ReadRows(cases, "token_type_ids")];
        for (var r = 0; r < ids.Length; r++) CheckRow(network, cases, $"row{r}.input_ids", ids[r]);
        if (types.Length > 0 && !types.Select(row => row.Length).SequenceEqual(ids.Select(row => row.Length)))
            throw new PolymathException($"{cases.Path}: token_type_ids do not have the lengths of input_ids");
        using var batch = PackedBatch.Create(ids, types.Length == 0 ? null : types, layout);
        var hidden = network.Hidden(batch, _ => true);
        if (network is EncoderDecoder both) { CompareSourceRows(both, batch, hidden, ids, cases, tally); return; }
        var scores = network.Config.Head == HeadKind.None ? null : network.HeadScores(hidden[^1]!, batch);
        for (var packed = 0; packed < batch.Rows; packed++)
        {
            var name = $"row{batch.Order[packed]}";
            int start = batch.Offsets[packed], length = batch.Offsets[packed + 1] - start;
            for (var layer = 0; layer < hidden.Length; layer++) tally.Compare($"hidden.{layer}", $"{name}.hidden.{layer}", hidden[layer]!.narrow(0, start, length));
            if (scores is null) tally.Skip("logits", $"{name}.logits", "the folder has no head");
            else tally.Compare("logits", $"{name}.logits", network.Config.Head == HeadKind.SequenceClassification ? scores[packed] : scores.narrow(0, start, length));
        }
    }

    private static void CompareBatch(Network network, SafetensorsFile cases, Tally tally, AttentionLayout layout)
    {
        if (network.Config.Head == HeadKind.None)
        {
            tally.Skip("loss", "batch.loss", "the folder has no head");
            foreach (var name in cases.Tensors.Keys.Where(IsGradient)) tally.Skip("gradients", name, "the folder has no head");
            return;
        }
        using var scope = NewDisposeScope();
        var loss = BatchLoss(network, cases, layout);
        tally.Compare("loss", "batch.loss", loss);
        loss.backward();
        foreach (var name in cases.Tensors.Keys.Where(IsGradient))
        {
            if (!network.Parameters.TryGetValue(name[5..], out var parameter)) tally.Fail("gradients", $"{name}: the network has no such parameter");
            else tally.Compare("gradients", name, parameter.grad ?? zeros_like(parameter));
        }
    }

    /// <summary>The mean loss of the padded batch, computed from its real tokens only. Labels of −100 do not count.</summary>
    private static Tensor BatchLoss(Network network, SafetensorsFile cases, AttentionLayout layout)
    {
        if (cases.Info("batch.input_ids").Shape is not [var longRows, var longWidth]) throw new PolymathException($"{cases.Path}: 'batch.input_ids' has shape [{string.Join(", ", cases.Info("batch.input_ids").Shape)}]; expected [rows, tokens]");
        int rows = (int)longRows, width = (int)longWidth;
        foreach (var name in new[] { "batch.attention_mask", "batch.token_type_ids" })
            if (cases.Tensors.TryGetValue(name, out var info) && !info.Shape.AsSpan().SequenceEqual([longRows, longWidth])) throw new PolymathException($"{cases.Path}: '{name}' does not have the shape of 'batch.input_ids'");
        if (cases.Info("batch.labels").Shape is not [var labelled, ..] || labelled != longRows) throw new PolymathException($"{cases.Path}: 'batch.labels' does not have a row for each row of 'batch.input_ids'");
        long[] ids = cases.ReadIntegers("batch.input_ids"), mask = cases.ReadIntegers("batch.attention_mask");
        long[]? types = cases.Tensors.ContainsKey("batch.token_type_ids") ? cases.ReadIntegers("batch.token_type_ids") : null;
        int[] lengths = [.. Enumerable.Range(0, rows).Select(r => (int)mask.AsSpan(r * width, width).ToArray().Sum())];
        foreach (var row in Unpad(ids)) CheckRow(network, cases, "batch.input_ids", row);
        int[][] Unpad(long[] values) => [.. lengths.Select((length, r) => values.Skip(r * width).Take(length).Select(v => (int)v).ToArray())];
        using var batch = PackedBatch.Create(Unpad(ids), types is null ? null : Unpad(types), layout);
        if (network.Config.Head == HeadKind.LanguageModel) return LanguageModelLoss(network, batch, cases);
        var scores = network.HeadScores(network.Last(batch), batch);
        var order = tensor(batch.Order.Select(r => (long)r).ToArray());
        var labels = cases.Read("batch.labels");
        if (network.Config.Head != HeadKind.SequenceClassification)
        {
            var packed = cat([.. batch.Order.Select(r => labels[r].narrow(0, 0, lengths[r]))]); // [T]
            return nn.functional.cross_entropy(scores, packed, ignore_index: -100);
        }
        labels = labels.index_select(0, order);
        if (labels.is_floating_point()) labels = labels.to(scores.dtype);
        return network.Config.Problem switch
        {
            ProblemType.MultiLabel => nn.functional.binary_cross_entropy_with_logits(scores, labels),
            ProblemType.Regression => nn.functional.mse_loss(scores.view(-1), labels.view(-1)),
            _ => nn.functional.cross_entropy(scores, labels),
        };
    }

    /// <summary>Each token of an answer masked in turn, the rest of the answer visible: log-probability of the true token.</summary>
    private static void CompareLikelihoods(Network network, string file, Tally tally)
    {
        if (!File.Exists(file) || network.Config.Head != HeadKind.MaskedLanguageModel) return;
        using var json = JsonDocument.Parse(File.ReadAllBytes(file));
        if (!json.RootElement.TryGetProperty("pseudo_likelihood", out var list)) return;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var (fact, index) in list.EnumerateArray().Select((fact, index) => (fact, index)))
        {
            int[] Ids(string name) => [.. fact.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
            var scorer = new MaskedScorer(network, fact.GetProperty("mask_token_id").GetInt32());
            double[] found = [.. scorer.LogProbabilities([new ScoringRequest(Ids("before"), [Ids("answer")], Ids("after"))])[0][0].Select(p => (double)p)];
            double[] expected = [.. fact.GetProperty("log_probabilities").EnumerateArray().Select(p => p.GetDouble())];
            tally.Add("pseudo-likelihood", $"pseudo_likelihood[{index}]", found, expected);
        }
    }

    /// <summary>What the network could not look up would end in an error of the native library.</summary>
    private static void CheckRow(Network network, SafetensorsFile cases, string name, int[] ids)
    {
        if (ids.Length == 0 || ids.Length > network.MaxTokens) throw new PolymathException($"{cases.Path}: '{name}' has {ids.Length} tokens; the network reads 1 to {network.MaxTokens}");
        foreach (var id in ids)
            if (id < 0 || id >= network.Config.VocabularySize) throw new PolymathException($"{cases.Path}: '{name}' holds the id {id}; the network knows {network.Config.VocabularySize} tokens");
    }

    private static IEnumerable<int[]> ReadRows(SafetensorsFile cases, string part)
    {
        for (var r = 0; cases.Tensors.ContainsKey($"row{r}.{part}"); r++) yield return [.. cases.ReadIntegers($"row{r}.{part}").Select(id => (int)id)];
    }

    private static bool IsGradient(string name) => name.StartsWith("grad.", StringComparison.Ordinal);

    /// <summary>Collects the largest gap for each kind of tensor.</summary>
    private sealed class Tally(SafetensorsFile cases, ReferenceCheckOptions options)
    {
        private readonly OrderedDictionary<string, ReferenceCheckLine> _lines = [];
        private readonly double _gradientFloor = 0.01 * cases.Tensors.Keys.Where(IsGradient).Select(name => Largest(cases.ReadFloats(name))).DefaultIfEmpty(0).Max();

        public IReadOnlyList<ReferenceCheckLine> Lines() => [.. _lines.Values];

        public void Compare(string kind, string name, Tensor found)
        {
            if (!cases.Tensors.TryGetValue(name, out var info)) return;
            if (cases.ReadFloats(name).Any(float.IsNaN))
            {
                Skip(kind, name, $"{name}: the reference's own value is not a number");
                return;
            }
            if (!info.Shape.AsSpan().SequenceEqual(found.shape)) Fail(kind, $"{name}: shape [{string.Join(", ", found.shape)}], expected [{string.Join(", ", info.Shape)}]");
            else Add(kind, name, Doubles(found), [.. cases.ReadFloats(name).Select(v => (double)v)]);
        }

        public void Agree(string kind, string name) => Record(kind, "OK", 0, name);

        public void Add(string kind, string name, double[] found, double[] expected, double? tolerance = null)
        {
            var gap = found.Zip(expected, (a, b) => Math.Abs(a - b)).Select(d => double.IsNaN(d) ? double.PositiveInfinity : d).DefaultIfEmpty(0).Max();
            var isGradient = kind == "gradients";
            var absolute = options.Absolute is not null && !isGradient;
            var scale = absolute ? 1 : Math.Max(expected.Select(Math.Abs).DefaultIfEmpty(0).Max(), isGradient ? _gradientFloor : 0);
            gap = gap == 0 ? 0 : gap / scale;
            var allowed = tolerance ?? (isGradient ? options.GradientTolerance : absolute ? options.Absolute!.Value : options.Tolerance);
            Record(kind, gap <= allowed ? "OK" : "FAIL", gap, name);
        }

        public void Fail(string kind, string why) => Record(kind, "FAIL", double.PositiveInfinity, why);

        public void Skip(string kind, string name, string why)
        {
            if (cases.Tensors.ContainsKey(name) && !_lines.ContainsKey(kind)) _lines.Add(kind, new(kind, "SKIP", 0, 0, why));
        }

        private void Record(string kind, string status, double gap, string name)
        {
            var before = _lines.TryGetValue(kind, out var line) && line.Status != "SKIP" ? line : new(kind, "OK", 0, 0, name);
            var worse = gap > before.Gap;
            _lines[kind] = new(kind, before.Status == "FAIL" ? "FAIL" : status, before.Compared + 1, worse ? gap : before.Gap, worse ? name : before.Worst);
        }

        private static double[] Doubles(Tensor values) => values.detach().to(ScalarType.Float64).contiguous().data<double>().ToArray();

        private static double Largest(float[] values) => values.Select(v => Math.Abs((double)v)).DefaultIfEmpty(0).Max();
    }
}
