using System.Text.Json;
using Polymath.Checkpoints;

namespace Polymath.Backbones;

/// <summary>How the token states of a row become one vector.</summary>
public enum Pooling
{
    /// <summary>The mean of all tokens.</summary>
    Mean,
    /// <summary>The first token.</summary>
    Cls,
    /// <summary>The largest value of each dimension.</summary>
    Max,
}

/// <summary>A linear layer after pooling, as sentence-transformers saves it: activation(W x + b), W [outputs, inputs] row-major.</summary>
internal sealed record DenseStep(float[] Weight, float[]? Bias, int Inputs, int Outputs, Func<float, float> Activation);

/// <summary>
/// What a sentence-transformers folder says about turning text into one vector: length limit, pooling, dense layers, normalisation, prompts.
/// A plain Hugging Face folder gets mean pooling without normalisation.
/// </summary>
public sealed class SentencePipeline
{
    private SentencePipeline() { }

    /// <summary>Whether the folder described this itself (modules.json).</summary>
    public bool IsDescribed { get; private init; }

    /// <summary>The longest row in tokens, special tokens included; null where the folder sets none.</summary>
    public int? MaxTokens { get; private init; }

    /// <summary>Whether texts are put into lower case before they are tokenized (<c>do_lower_case</c>).</summary>
    public bool LowerCase { get; private init; }

    /// <summary>How token states become one vector.</summary>
    public Pooling Pooling { get; private init; } = Pooling.Mean;

    /// <summary>Whether vectors end with length one.</summary>
    public bool Normalise { get; private init; }

    /// <summary>Texts to put in front of a row by name, such as query and passage.</summary>
    public IReadOnlyDictionary<string, string> Prompts { get; private init; } = new Dictionary<string, string>();

    /// <summary>The prompt used where none is named.</summary>
    public string? DefaultPrompt { get; private init; }

    internal IReadOnlyList<DenseStep> Dense { get; private init; } = [];

    /// <summary>Width of the final vector for a network of a width.</summary>
    public int Width(int networkWidth) => Dense.Count == 0 ? networkWidth : Dense[^1].Outputs;

    /// <summary>Holds the dense layers against the width that comes in.</summary>
    /// <exception cref="PolymathException">A layer reads another width.</exception>
    internal void Check(string folder, int networkWidth)
    {
        foreach (var step in Dense)
        {
            if (step.Inputs != networkWidth) throw new PolymathException($"{folder}: a Dense module reads {step.Inputs} values, but gets {networkWidth}; do modules.json and config.json belong together?");
            networkWidth = step.Outputs;
        }
    }

    /// <summary>Reads modules.json and the folders it names; a folder without it gets the defaults.</summary>
    /// <exception cref="PolymathException">A module is of a kind not known, or a file is broken.</exception>
    public static SentencePipeline Read(string folder)
    {
        var modules = Path.Combine(folder, "modules.json");
        if (!File.Exists(modules)) return new SentencePipeline();
        var pooling = Pooling.Mean;
        var normalise = false;
        var dense = new List<DenseStep>();
        int? maxTokens = null;
        var lowerCase = false;
        foreach (var (type, path) in Modules(modules))
        {
            var inside = Path.Combine(folder, path);
            switch (type[(type.LastIndexOf('.') + 1)..])
            {
                case "Transformer": (maxTokens, lowerCase) = ReadTransformer(inside); break;
                case "Pooling": pooling = ReadPooling(Path.Combine(inside, "config.json")); break;
                case "Dense" when normalise: throw new PolymathException($"{modules}: a Dense module after Normalize is not known; expected Normalize last");
                case "Dense": dense.Add(ReadDense(inside)); break;
                case "Normalize": normalise = true; break;
                case "Dropout": break; // does nothing at inference
                default: throw new PolymathException($"{modules}: the module '{type}' is not known; known are Transformer, Pooling, Dense, Normalize and Dropout");
            }
        }
        var (prompts, byDefault) = ReadPrompts(Path.Combine(folder, "config_sentence_transformers.json"));
        return new SentencePipeline
        {
            IsDescribed = true,
            MaxTokens = maxTokens,
            LowerCase = lowerCase,
            Pooling = pooling,
            Normalise = normalise,
            Dense = dense,
            Prompts = prompts,
            DefaultPrompt = byDefault,
        };
    }

    /// <summary>The prompt of a name; null gives the default one, or none.</summary>
    /// <exception cref="PolymathException">The folder has no prompt of that name.</exception>
    public string Prompt(string? name)
    {
        name ??= DefaultPrompt;
        if (name is null) return "";
        return Prompts.TryGetValue(name, out var prompt) ? prompt : throw new PolymathException(
            $"the model has no prompt named '{name}'; it has {(Prompts.Count == 0 ? "none" : string.Join(", ", Prompts.Keys))}");
    }

    /// <summary>Dense layers and normalisation of one pooled vector.</summary>
    internal float[] Finish(ReadOnlySpan<float> pooled)
    {
        var x = pooled.ToArray();
        foreach (var step in Dense)
        {
            var y = new float[step.Outputs];
            for (var o = 0; o < y.Length; o++)
                y[o] = step.Activation(System.Numerics.Tensors.TensorPrimitives.Dot(x, step.Weight.AsSpan(o * step.Inputs, step.Inputs)) + (step.Bias?[o] ?? 0));
            x = y;
        }
        if (!Normalise) return x;
        var norm = Math.Max(System.Numerics.Tensors.TensorPrimitives.Norm<float>(x), 1e-12f);
        System.Numerics.Tensors.TensorPrimitives.Divide<float>(x, norm, x);
        return x;
    }

    private static IEnumerable<(string Type, string Path)> Modules(string file)
    {
        List<(string, string)> modules = [];
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            foreach (var module in json.RootElement.EnumerateArray())
                modules.Add((module.GetProperty("type").GetString() ?? "", module.GetProperty("path").GetString() ?? ""));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new PolymathException($"{file}: expected a list of modules, each with a type and a path", error);
        }
        foreach (var (_, path) in modules)
            if (path.Contains("..", StringComparison.Ordinal) || Path.IsPathRooted(path)) throw new PolymathException($"{file}: the path '{path}' leads out of the folder");
        return modules;
    }

    private static (int? MaxTokens, bool LowerCase) ReadTransformer(string folder)
    {
        foreach (var name in new[] { "sentence_bert_config.json", "sentence_roberta_config.json", "sentence_distilbert_config.json", "sentence_mpnet_config.json",
            "sentence_xlm-roberta_config.json", "sentence_camembert_config.json", "sentence_electra_config.json" })
        {
            if (!File.Exists(Path.Combine(folder, name))) continue;
            var json = ConfigFile.Open(Path.Combine(folder, name));
            return (json.Has("max_seq_length") ? json.Int(3, "max_seq_length") : null, json.BoolOr(false, "do_lower_case"));
        }
        return (null, false);
    }

    private static Pooling ReadPooling(string file)
    {
        var json = ConfigFile.Open(file);
        if (!json.BoolOr(true, "include_prompt")) throw new PolymathException($"{file}: include_prompt false (pooling without the prompt's tokens) is not known; expected true");
        string[] on = [.. json.Root.EnumerateObject().Where(p => p.Name.StartsWith("pooling_mode_", StringComparison.Ordinal) && p.Value.ValueKind == JsonValueKind.True).Select(p => p.Name[13..])];
        if (json.Has("pooling_mode")) on = [json.Text("pooling_mode")];
        return on switch
        {
            ["cls_token"] or ["cls"] => Pooling.Cls,
            ["mean_tokens"] or ["mean"] or [] => Pooling.Mean,
            ["max_tokens"] or ["max"] => Pooling.Max,
            _ => throw new PolymathException($"{file}: pooling by {string.Join(" and ", on)} is not known; known are cls_token, mean_tokens and max_tokens, one at a time"),
        };
    }

    private static DenseStep ReadDense(string folder)
    {
        var json = ConfigFile.Open(Path.Combine(folder, "config.json"));
        int inputs = json.Int(1, "in_features"), outputs = json.Int(1, "out_features");
        using var checkpoint = Checkpoint.Open(folder);
        float[] Values(string name, params long[] shape) => checkpoint.Info(name).Shape.AsSpan().SequenceEqual(shape) ? checkpoint.ReadFloats(name)
            : throw new PolymathException($"{checkpoint.Path}: the tensor '{name}' does not have the shape that config.json gives");
        var activation = json.TextOr("torch.nn.modules.activation.Tanh", "activation_function");
        return new DenseStep(Values("linear.weight", outputs, inputs), json.BoolOr(true, "bias") ? Values("linear.bias", outputs) : null, inputs, outputs,
            activation[(activation.LastIndexOf('.') + 1)..] switch
            {
                "Tanh" => MathF.Tanh,
                "Identity" => x => x,
                "ReLU" => x => MathF.Max(x, 0),
                "Sigmoid" => x => 1 / (1 + MathF.Exp(-x)),
                var other => throw new PolymathException($"{json.Source}: the activation '{other}' is not known; known are Tanh, Identity, ReLU and Sigmoid"),
            });
    }

    private static (IReadOnlyDictionary<string, string> Prompts, string? Default) ReadPrompts(string file)
    {
        if (!File.Exists(file)) return (new Dictionary<string, string>(), null);
        var json = ConfigFile.Open(file);
        return (json.Map("prompts"), json.Has("default_prompt_name") ? json.Text("default_prompt_name") : null);
    }
}
