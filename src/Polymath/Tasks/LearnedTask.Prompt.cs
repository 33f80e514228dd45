using Polymath.Adaptation;
using Polymath.Features;

namespace Polymath.Tasks;

public sealed partial class LearnedTask
{
    internal const string PromptMethod = "prompt";

    /// <summary>The tensor of a prompt task that holds the features of the rows that demonstrations are chosen from.</summary>
    internal const string DemonstrationFeatures = "demonstrations";

    /// <summary>What the last prediction of a prompt task had to leave out; null for other tasks.</summary>
    public PromptReport? PromptReport => (Scorer as PromptScorer)?.LastReport;

    /// <summary>Makes a task of the method <c>prompt</c> of what was saved.</summary>
    /// <param name="artifact">What was saved.</param>
    /// <param name="model">The language model it belongs to.</param>
    /// <param name="encoder">The encoder that chooses demonstrations for each row, where the task names one.</param>
    /// <param name="store">Where that encoder's features are kept; null computes always.</param>
    /// <exception cref="PolymathException">It is of another method, belongs to another model or encoder, or its parts do not fit together.</exception>
    public static LearnedTask RestorePrompt(TaskArtifact artifact, PromptModel model, Backbone? encoder = null, FeatureStore? store = null)
    {
        if (artifact.Method != PromptMethod || artifact.Prompt is not { } record) throw new PolymathException($"task '{artifact.Name}' is of the method {artifact.Method}, which reads no language model");
        artifact.RequireBackbone(model.Reference.Hash, model.Reference.Name);
        var source = $"task '{artifact.Name}'";
        var verbalizer = new Verbalizer(artifact.Labels, record.Words, Verbalizer.ParseScore(record.Score, source));
        var prompt = new BoundPrompt(model, record.Template.Check(source), verbalizer);
        if (!Enum.TryParse<CalibrationMethod>(record.Calibration.Method, ignoreCase: true, out var calibration) || (record.Calibration.Offsets.Count != 0 && record.Calibration.Offsets.Count != artifact.Labels.Count))
            throw new PolymathException($"{source}: the calibration '{OneLine.Short(record.Calibration.Method)}' with {record.Calibration.Offsets.Count} offsets for {artifact.Labels.Count} labels is not known to this version");
        return new LearnedTask(artifact, new PromptScorer(model, prompt, Shown(artifact, record, verbalizer, encoder, store), calibration, [.. record.Calibration.Offsets], record.Calibration.ContentFree ?? []));
    }

    private static DemonstrationSource Shown(TaskArtifact artifact, PromptRecord record, Verbalizer verbalizer, Backbone? encoder, FeatureStore? store)
    {
        var labels = new LabelMap(artifact.Labels);
        Demonstration[] pool = [.. artifact.Demonstrations.Select(one => new Demonstration(one.ToRow(), verbalizer.Words[labels.IdOf(one.Label)][0]))];
        if (record.Demonstrations is not { } how || pool.Length == 0) return DemonstrationSource.None;
        if (how.Encoder is not { } wanted) return DemonstrationSource.Fixed(pool);
        if (encoder is null) throw new PolymathException($"task '{artifact.Name}' chooses its demonstrations with the encoder '{wanted.Name}'; give that model too");
        if (!wanted.Hash.Equals(encoder.Hash, StringComparison.OrdinalIgnoreCase)) throw new PolymathException($"task '{artifact.Name}' chooses its demonstrations with the encoder {OneLine.Short(wanted.Name)}, not with {OneLine.Short(encoder.Name)}; load that one or adapt the task again");
        var x = artifact.Array(DemonstrationFeatures);
        if (x.Shape is not [var rows, var columns] || rows != pool.Length || columns != FeatureRecipe.SentenceOf(encoder).Width(encoder)) throw new PolymathException($"task '{artifact.Name}': its features have the shape [{string.Join(", ", x.Shape)}], which does not fit {pool.Length} rows of the encoder {OneLine.Short(encoder.Name)}");
        return DemonstrationSource.Nearest(pool, new FeatureMatrix(x.Values, rows, columns), new DemonstrationOptions { Method = DemonstrationMethods.Parse(how.Method), Count = how.Count, TokenBudget = how.TokenBudget, Seed = how.Seed }, encoder, store);
    }
}
