using System.Diagnostics;
using System.Text;
using Polymath.Tests;

namespace Polymath.Bench;

/// <summary>
/// Damaged safetensors, torch.save, GGUF, tokenizer.json and sentencepiece files and chat templates, as in the tests but many more: each must be refused with one line or work as a whole file
/// does, and nothing else may happen. A file that does otherwise is kept.
/// </summary>
internal static class FuzzBench
{
    /// <summary>Two chat templates that between them use most of the language.</summary>
    private static readonly string[] Templates =
    [
        """
        {%- set ns = namespace(last=messages|length - 1, seen=[]) %}
        {%- for message in messages[::-1] if message.role != 'system' %}
            {%- if message.content is string and not message.content.startswith('<x>') %}{% set ns.last = loop.index0 %}{% break %}{% endif %}
        {%- endfor %}
        {{- bos_token ~ ns.last }}
        {% for message in messages %}
        {{ '<|' + message['role'] + '|>\n' + (message.content.split('</think>')[-1] | trim) + eos_token }}
        {% else %}none{% endfor %}{# end #}
        {% if add_generation_prompt and tools is none %}{{ '<|assistant|>' }}{% elif x is defined %}{{ x|tojson(indent=2) }}{% endif %}
        """,
        """
        {%- macro turn(role, text, end='.') %}[{{ role|upper }}: {{ text|replace('a', 'b') }}{{ end }}]{% endmacro %}
        {%- set users = messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | list %}
        {%- for k, v in messages[0].items() %}{{ k }}={{ v|length * 2 // 3 % 5 }};{% endfor %}
        {%- for i in range(3) %}{{ turn(i, users|join(', '), end='!' if loop.last else '') }}{% continue %}{% endfor %}
        {%- set tail %}{% raw %}{{ raw }}{% endraw %}{% endset %}{{ tail.strip()[1:-1] }}{{ {'a': [1, 2.5, none, true]} }}
        """,
    ];

    public static int Run(string[] args)
    {
        int count = Timing.Number(args, "--mutations", 100_000), seed = Timing.Number(args, "--seed", 1);
        var only = Timing.Option(args, "--only", "");
        Timing.Announce($"fuzz: {count} mutations of each kind of file, seed {seed}");
        using var folder = new TemporaryFolder();
        var failures = Kind("safetensors", [Mutations.SmallSafetensors(folder["small"]), Mutations.SafetensorsWithEscapes(folder["escapes"])], Mutations.Safetensors, bytes =>
        {
            File.WriteAllBytes(folder["mutated"], bytes);
            return FuzzChecks.SafetensorsWorks(folder["mutated"]);
        });
        failures += Kind("pytorch_model.bin", [TorchWriter.Small()], Mutations.Torch, bytes =>
        {
            File.WriteAllBytes(folder["mutated.bin"], bytes);
            return FuzzChecks.TorchFileWorks(folder["mutated.bin"]);
        });
        failures += Kind("gguf", [GgufSeeds.Llama()], Mutations.Gguf, bytes =>
        {
            File.WriteAllBytes(folder["mutated.gguf"], bytes);
            return FuzzChecks.GgufWorks(folder["mutated.gguf"]);
        });
        failures += Kind("tokenizer.json", [.. new[] { SmallTokenizers.WordPiece, SmallTokenizers.Bpe, SmallTokenizers.Unigram }.Select(Encoding.UTF8.GetBytes)], Mutations.Json,
            bytes => FuzzChecks.TokenizerWorks(Encoding.UTF8.GetString(bytes)));
        failures += Kind("sentencepiece.model", [SmallSentencePieces.Unigram(), SmallSentencePieces.Bpe()], Mutations.SentencePiece, FuzzChecks.SentencePieceWorks);
        failures += Kind("chat_template.jinja", [.. Templates.Select(Encoding.UTF8.GetBytes)], Mutations.Template, bytes => FuzzChecks.ChatTemplateWorks(Encoding.UTF8.GetString(bytes)));
        return failures == 0 ? 0 : 1;

        int Kind(string kind, byte[][] originals, Func<byte[], Random, byte[]> mutate, Func<byte[], bool> works) =>
            only.Length == 0 || only == kind ? Many(kind, originals, mutate, count, seed, works) : 0;
    }

    private static int Many(string kind, byte[][] originals, Func<byte[], Random, byte[]> mutate, int count, int seed, Func<byte[], bool> works)
    {
        var random = new Random(seed);
        var watch = Stopwatch.StartNew();
        int working = 0, failures = 0;
        double slowest = 0;
        for (var i = 0; i < count; i++)
        {
            var mutated = mutate(originals[i % originals.Length], random);
            try
            {
                slowest = Math.Max(slowest, Timing.Seconds(() => working += works(mutated) ? 1 : 0));
            }
            catch (Exception error)
            {
                var kept = Path.GetFullPath($"fuzz-failure-{seed}-{i}.{kind}");
                File.WriteAllBytes(kept, mutated);
                Console.WriteLine($"FAIL {kind}, mutation {i}: {error.GetType().Name}: {error.Message} (kept as {kept})");
                failures++;
            }
        }
        Console.WriteLine($"{kind}: {count} mutations, {working} work, {count - working - failures} refused, {failures} failures; slowest {slowest * 1000:F0} ms, {watch.Elapsed.TotalSeconds:F1} s in all   load {Timing.Load()}");
        return failures;
    }
}
