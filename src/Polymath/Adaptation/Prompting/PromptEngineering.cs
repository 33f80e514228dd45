using Polymath.Features;
using Polymath.Tasks;

namespace Polymath.Adaptation;

/// <summary>
/// Prompt engineering: the model is a black box that is asked in words, and answers with the likelihood of each label's words. Nothing is trained; what is
/// chosen are template, words, demonstrations and calibration.
/// </summary>
public static class PromptEngineering
{
    /// <summary>Makes a task of classes.</summary>
    /// <param name="model">The language model.</param>
    /// <param name="name">The task's name.</param>
    /// <param name="data">Rows to show and to calibrate on, with the labels in their map; may have no rows (see <see cref="ZeroShot"/>).</param>
    /// <param name="options">Template, words, demonstrations, calibration; the defaults ask zero-shot in plain words.</param>
    /// <param name="progress">Told of stages.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="PolymathException">Rows of another kind, words that cannot be told apart, a template that does not suit, or no encoder where one is needed.</exception>
    public static LearnedTask Learn(PromptModel model, string name, LabelledRows data, PromptOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new PromptOptions();
        if (data.Kind != TaskKind.Classification) throw new PolymathException($"prompts answer with one of several classes, not with a {data.Kind.Name()} answer; expected rows of one class each");
        if (data.Classes < 2) throw new PolymathException($"{data.Classes} label: expected at least two to choose from");
        var verbalizer = options.Words is null ? Verbalizer.OfNames(data.Map.Names, options.Score) : new Verbalizer(data.Map.Names, options.Words, options.Score);
        var template = (options.Template ?? PromptTemplate.Plain(verbalizer.Words.Select(words => words[0]), data.Pairs)).Check("template");
        var prompt = new BoundPrompt(model, template, verbalizer);
        var pool = data.Rows.Select((row, r) => new Demonstration(row with { Label = data.Map.Names[data.Labels[r]] }, verbalizer.Words[data.Labels[r]][0])).ToArray();
        var (source, shown) = Source(pool, data.Labels, prompt.Filler, options, progress, cancellation);
        int[] rest = [.. DemonstrationRanking.Random(pool.Length, options.Seed).Except(shown).Take(options.CalibrationRows).Order()];
        progress?.Report(new WorkProgress("calibration", 0, 1));
        var calibration = new CalibrationSearch(model, prompt, source, options.ContentFree).Run(data.Take(rest), source.IsFixed ? null : rest, options.Calibration, cancellation);
        progress?.Report(new WorkProgress("calibration", 1, 1));
        var artifact = new TaskArtifact
        {
            Name = name,
            Kind = TaskKind.Classification,
            Method = LearnedTask.PromptMethod,
            Labels = data.Map.Names,
            HeadKind = LearnedTask.PromptMethod,
            Backbone = model.Reference,
            Precision = model.Precision,
            Prompt = new PromptRecord(template, verbalizer.ByLabel(), verbalizer.Score.ToString().ToLowerInvariant(), calibration)
            {
                Demonstrations = options.Demonstrations is not { } how || pool.Length == 0 ? null : new DemonstrationRecord(how.Method.Name(), how.Count, how.Seed)
                {
                    TokenBudget = how.TokenBudget,
                    Encoder = source.IsFixed ? null : Reference(options.Encoder!),
                },
            },
            Demonstrations = [.. source.Pool.Select(one => StoredDemonstration.Of(one.Row, template))],
            Arrays = source.Features is not { } x ? [] : [new NamedArray(LearnedTask.DemonstrationFeatures, [x.Rows, x.Columns], x.Values)],
            Training = new TrainingRecord(data.Rows.Count, options.Seed),
        };
        return LearnedTask.RestorePrompt(artifact, model, options.Encoder, options.Store);
    }

    /// <summary>A task of which only the labels are known.</summary>
    /// <param name="model">The language model.</param>
    /// <param name="name">The task's name.</param>
    /// <param name="labels">The labels.</param>
    /// <param name="options">Template, words; a calibration that needs no rows.</param>
    /// <exception cref="PolymathException">As <see cref="Learn"/>.</exception>
    public static LearnedTask ZeroShot(PromptModel model, string name, IEnumerable<string> labels, PromptOptions? options = null) =>
        Learn(model, name, new LabelledRows([], [], new LabelMap(labels)), (options ?? new PromptOptions()) with { Demonstrations = null });

    /// <summary>A prompt task in words.</summary>
    internal static string Describe(TaskArtifact artifact)
    {
        var prompt = artifact.Prompt!;
        var shown = prompt.Demonstrations is { } how ? $"{how.Count} {how.Method} demonstrations" : "zero-shot";
        return $"prompt, {shown}, {(prompt.Calibration.Method == CalibrationMethod.None.Name() ? "not calibrated" : $"{prompt.Calibration.Method} calibration")}";
    }

    /// <summary>Where demonstrations come from, and the rows that every prompt shows.</summary>
    internal static (DemonstrationSource Source, int[] Shown) Source(Demonstration[] pool, int[] labels, PromptFiller filler, PromptOptions options, IProgress<WorkProgress>? progress, CancellationToken cancellation)
    {
        if (options.Demonstrations is not { Count: > 0 } how || pool.Length == 0) return (DemonstrationSource.None, []);
        if (how.Method.ReadsFeatures() && options.Encoder is null) throw new PolymathException($"demonstrations '{how.Method.Name()}' compare rows by an encoder's features, and none was given; expected an encoder, or random or balanced demonstrations");
        var x = how.Method.ReadsFeatures() ? UnitFeatures.Of(options.Encoder!, [.. pool.Select(one => one.Row)], options.Store, progress, cancellation) : null;
        if (how.Method == DemonstrationMethod.Nearest) return (DemonstrationSource.Nearest(pool, x!, how, options.Encoder!, options.Store), []);
        var ranked = how.Method switch
        {
            DemonstrationMethod.Random => DemonstrationRanking.Random(pool.Length, how.Seed),
            DemonstrationMethod.Balanced => DemonstrationRanking.Balanced(labels, how.Seed),
            DemonstrationMethod.Diverse => DemonstrationRanking.Diverse(x!, how.TokenBudget is null ? how.Count : 8 * how.Count),
            _ => DemonstrationRanking.SupportVectors(x!, labels, labels.Max() + 1, cancellation),
        };
        var shown = DemonstrationSource.Take(ranked, how, row => filler.Cost(pool[row]));
        return (DemonstrationSource.Fixed(shown.Select(row => pool[row])), shown);
    }

    private static BackboneReference Reference(Backbone encoder) => new(encoder.Hash, encoder.Config.ModelType, encoder.Name, encoder.Config.Width) { Source = Path.GetFullPath(encoder.Folder) };
}
