using System.CommandLine;
using Polymath.Adaptation;
using Polymath.Backbones;
using Polymath.Cli.Common;
using Polymath.Features;
using Polymath.Tagging;
using Polymath.Tasks;

namespace Polymath.Cli.Verbs;

/// <summary>A learned task with the backbone it belongs to, or a model with its own head: what predict and evaluate work with.</summary>
internal sealed class TaskSession : IDisposable
{
    private readonly Backbone? _backbone;
    private readonly FeatureStore? _store;
    private LanguageModels? _models;

    private TaskSession(LearnedTask? task, OwnHead? head, Backbone? backbone, FeatureStore? store) => (Task, Head, _backbone, _store) = (task, head, backbone, store);

    /// <summary>The learned task, or null where the model's own head answers.</summary>
    public LearnedTask? Task { get; }

    /// <summary>The model's own head, or null where a task answers.</summary>
    public OwnHead? Head { get; }

    /// <summary>The tagging task, where the task is one.</summary>
    public Tagger? Tagger { get; private init; }

    /// <summary>The task that writes texts, where the task is one.</summary>
    public TextToTextTask? Writer { get; private init; }

    /// <summary>Settings of the model, where there is one.</summary>
    public NetworkConfig? Config => _backbone?.Config;

    /// <summary>What the task, or the model's own head, predicts.</summary>
    public TaskKind Kind => Writer is not null ? TaskKind.Generate : Tagger is not null ? TaskKind.TokenClassification : Task?.Kind ?? (Config!.Head == HeadKind.TokenClassification ? TaskKind.TokenClassification : Config.Problem switch
    {
        ProblemType.Regression when Config.Labels.Count == 1 => TaskKind.Regression,
        ProblemType.Regression => TaskKind.TokenClassification,
        ProblemType.MultiLabel => TaskKind.MultiLabel,
        _ => TaskKind.Classification,
    });

    public static async Task<TaskSession> OpenAsync(ParseResult result, Settings settings, Streams streams, string? name, CancellationToken cancellation)
    {
        if (name is null)
        {
            if (await ExportedAsync(result, settings, streams, cancellation).ConfigureAwait(false) is { } exported) return exported;
            if (result.GetValue(settings.Model) is null) throw new PolymathException("--task is missing; expected the name of a learned task, or a --model with a head of its own");
            var model = await Models.LoadAsync(result, settings, streams, withHead: true, cancellation).ConfigureAwait(false);
            try { return new TaskSession(null, new OwnHead(model), model, null); }
            catch
            {
                model.Dispose();
                throw;
            }
        }
        if (result.IsGiven(settings.MaxTokens)) throw new PolymathException("--max-tokens does not apply to a learned task: rows are cut where they were cut when it learned");
        using var library = TaskLibrary.Open(result.GetValue(settings.Library)!);
        return await RestoreAsync(result, settings, streams, library.Load(name), cancellation).ConfigureAwait(false);
    }

    /// <summary>A model folder that carries a task, as export writes it: the task answers.</summary>
    private static async Task<TaskSession?> ExportedAsync(ParseResult result, Settings settings, Streams streams, CancellationToken cancellation)
    {
        if (result.GetValue(settings.Model) is not { } model || !File.Exists(Path.Combine(model, TaskArtifact.FileName))) return null;
        if (result.IsGiven(settings.MaxTokens)) throw new PolymathException($"--max-tokens does not apply to {model}, which carries a learned task: rows are cut where they were cut when it learned");
        return await RestoreAsync(result, settings, streams, TaskArtifact.Load(model), cancellation).ConfigureAwait(false);
    }

    private static async Task<TaskSession> RestoreAsync(ParseResult result, Settings settings, Streams streams, TaskArtifact artifact, CancellationToken cancellation)
    {
        if (artifact.Prompt is { } prompt) return await PromptedAsync(result, settings, streams, artifact, prompt.Demonstrations?.Encoder?.Source, cancellation).ConfigureAwait(false);
        if (artifact.Kind == TaskKind.Generate)
        {
            using var model = await GenerateAdapt.LoadAsync(result, settings, streams, cancellation, artifact.Backbone, artifact.Precision).ConfigureAwait(false);
            return new TaskSession(null, null, null, null) { Writer = TextToTextTask.Restore(artifact, model) };
        }
        var tags = artifact.Kind == TaskKind.TokenClassification;
        if (artifact.Backbone is not { } wanted) return tags ? new TaskSession(null, null, null, null) { Tagger = Tagger.Restore(artifact, null) } : new TaskSession(LearnedTask.Restore(artifact, null), null, null, null);
        var backbone = await Models.LoadAsync(result, settings, streams, withHead: false, cancellation, otherwise: wanted.Source, artifact.Precision).ConfigureAwait(false);
        FeatureStore? store = null;
        try
        {
            if (tags) return new TaskSession(null, null, backbone, null) { Tagger = Tagger.Restore(artifact, backbone) };
            store = settings.OpenStore(result);
            return new TaskSession(LearnedTask.Restore(artifact, backbone, store), null, backbone, store);
        }
        catch
        {
            store?.Dispose();
            backbone.Dispose();
            throw;
        }
    }

    /// <summary>A task that asks a language model: the one it remembers, or the one that is named now.</summary>
    private static async Task<TaskSession> PromptedAsync(ParseResult result, Settings settings, Streams streams, TaskArtifact artifact, string? encoder, CancellationToken cancellation)
    {
        settings.ApplyThreads(result);
        var models = await LanguageModels.LoadAsync(LanguageModels.PathOf(result, settings, artifact.Backbone?.Source), encoder, result.IsGiven(settings.Precision) ? result.GetValue(settings.Precision) : artifact.Precision, streams, cancellation).ConfigureAwait(false);
        FeatureStore? store = null;
        try
        {
            store = models.Encoder is null ? null : settings.OpenStore(result);
            return new TaskSession(LearnedTask.RestorePrompt(artifact, models.Prompts, models.Encoder, store), null, null, store) { _models = models };
        }
        catch
        {
            store?.Dispose();
            models.Dispose();
            throw;
        }
    }

    /// <summary>Answers as JSON objects: the answer's own fields, then the columns of the input.</summary>
    public IEnumerable<Dictionary<string, object?>> Answer(IEnumerable<Row> rows, int top, double? threshold, IProgress<WorkProgress> progress, CancellationToken cancellation)
    {
        if (threshold is not null && Task?.Kind == TaskKind.Regression) throw new PolymathException($"--threshold does not apply to task '{Task.Name}', which predicts a number");
        if (Task is not null)
            return Task.Predict(rows, null, progress, cancellation).Select(p => WithInput(Answered(p, top, threshold), p.Row));
        return Head!.Score(rows, progress, cancellation).Select(answer => WithInput(FromHead(answer, top, threshold), answer.Row));
    }

    /// <summary>Says how many rows were cut or split.</summary>
    public void SayCut(Streams streams)
    {
        LanguageModels.SayCut(streams, Task?.PromptReport);
        if (Writer is not null) WrittenAnswers.SayCut(streams, Writer);
        if (_backbone is null || Tagger is not null) return; // a tagger reads everything
        var limit = (Task?.Scorer as FeatureScorer)?.Options.Limit(_backbone) ?? _backbone.MaxTokens;
        Models.SayCut(streams, Head?.Report ?? (Task?.Scorer as FeatureScorer)?.LastReport ?? new FeatureReport(), limit, canSplit: false);
    }

    public void Dispose()
    {
        Writer?.Dispose();
        _store?.Dispose();
        _models?.Dispose();
        _backbone?.Dispose();
    }

    /// <summary>The ranked labels of one row of single-label scores.</summary>
    public static Scored[] Rank(IReadOnlyList<string> labels, ReadOnlySpan<float> scores)
    {
        var probabilities = scores.ToArray();
        Polymath.Tasks.Heads.Head.SoftmaxInPlace(probabilities);
        return [.. probabilities.Select((p, k) => new Scored(labels[k], p)).OrderByDescending(s => s.Probability)];
    }

    /// <summary>What a learned task says of a row, by its kind.</summary>
    private static Dictionary<string, object?> Answered(Prediction prediction, int top, double? threshold)
    {
        if (prediction.Value is { } value) return new() { ["value"] = value };
        if (prediction.Labels is not { } labels)
        {
            var one = Classified(prediction.Ranked, top, threshold);
            if (prediction.InScope is not { } inScope) return one;
            one["in_scope"] = inScope;
            one["scope_score"] = prediction.ScopeScore;
            return one;
        }
        var answer = new Dictionary<string, object?> { ["labels"] = threshold is { } least ? prediction.Ranked.TakeWhile(scored => scored.Probability >= least) : labels };
        if (top > 1) answer["top"] = prediction.Ranked.Take(top);
        return answer;
    }

    private Dictionary<string, object?> FromHead(OwnHeadAnswer answer, int top, double? threshold)
    {
        var config = Config!;
        if (config.Head == HeadKind.TokenClassification) return new() { ["tokens"] = Tagged(answer, config) };
        return config.Problem switch
        {
            ProblemType.Regression when answer.Scores.Length == 1 => new() { ["value"] = answer.Scores[0] },
            ProblemType.Regression => new() { ["values"] = answer.Scores },
            ProblemType.MultiLabel => new()
            {
                ["labels"] = answer.Scores.Select((s, k) => new Scored(config.Labels[k], 1 / (1 + Math.Exp(-s)))).Where(s => s.Probability >= (threshold ?? 0.5)).OrderByDescending(s => s.Probability),
            },
            _ => Classified(Rank(config.Labels, answer.Scores), top, threshold),
        };
    }

    private static IEnumerable<object> Tagged(OwnHeadAnswer answer, NetworkConfig config)
    {
        var classes = config.Labels.Count;
        for (var t = 0; t < answer.Encoding.Length; t++)
        {
            if (answer.Encoding.SpecialTokensMask[t] == 1) continue;
            var best = Rank(config.Labels, answer.Scores.AsSpan(t * classes, classes))[0];
            yield return new { token = answer.Encoding.Tokens[t], start = answer.Encoding.Offsets[t].Start, end = answer.Encoding.Offsets[t].End, label = best.Label, probability = best.Probability };
        }
    }

    private static Dictionary<string, object?> Classified(IReadOnlyList<Scored> ranked, int top, double? threshold)
    {
        var abstains = threshold is { } least && ranked[0].Probability < least;
        var answer = new Dictionary<string, object?> { ["label"] = abstains ? null : ranked[0].Label, ["probability"] = ranked[0].Probability };
        if (abstains) answer["abstained"] = true;
        if (top > 1) answer["top"] = ranked.Take(top);
        return answer;
    }

    /// <summary>An answer with the columns of its row.</summary>
    public static Dictionary<string, object?> WithInput(Dictionary<string, object?> answer, Row row)
    {
        answer["input"] = row.Columns.Count > 0 ? row.Columns.GroupBy(c => c.Key).ToDictionary(c => c.Key, c => c.First().Value) : row.Pair is { } pair ? new Dictionary<string, string> { ["text"] = row.Text, ["pair"] = pair } : new Dictionary<string, string> { ["text"] = row.Text };
        return answer;
    }
}
