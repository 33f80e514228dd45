using Polymath.Features;
using Polymath.Native;
using Polymath.Text;

namespace Polymath.Bench;

/// <summary>Speed of tokenization on one core: real sentences, texts without a space, and its share of the time that features take.</summary>
internal static class TokenizeBench
{
    public static int Run(string[] args)
    {
        int passes = Timing.Number(args, "--rounds", 5), rows = Timing.Number(args, "--rows", 2000);
        Timing.Announce("tokenize: one thread, sentences whole, special tokens included");
        (string Name, Tokenizer Tokenizer)[] tokenizers =
        [
            ("wordpiece-uncased", Tokenizer.Load(Timing.Shared("models", "all-MiniLM-L6-v2"))),
            .. new[] { "bytebpe-gpt2", "bytebpe-roberta", "bytebpe-smollm2", "unigram-t5", "unigram-xlmr", "bpe-llama2" }.Select(name => (name, Tokenizer.Load(Timing.Shared("golden", "tokenizers", name)))),
        ];
        string[] texts = [.. Sentences.Shuffled().Select(row => row.Text)];
        var megabytes = texts.Sum(text => System.Text.Encoding.UTF8.GetByteCount(text)) / 1e6;
        Console.WriteLine($"all {texts.Length} training sentences, {megabytes:F2} MB of UTF-8, {passes} passes after one to warm up:");
        foreach (var (name, tokenizer) in tokenizers)
        {
            double Pass() => Timing.Seconds(() => { foreach (var text in texts) tokenizer.Encode(text); });
            _ = Pass();
            double[] seconds = [.. Enumerable.Range(0, passes).Select(_ => Pass())];
            Console.WriteLine($"  {name,-18} best {megabytes / seconds.Min(),6:F2} MB/s, median {megabytes / Timing.Median(seconds),6:F2} MB/s   load {Timing.Load()}");
        }
        Console.WriteLine("1 MB (1,000,000 bytes of UTF-8) without a space, seconds, one call:");
        foreach (var (name, tokenizer) in tokenizers)
            Console.WriteLine($"  {name,-18} " + string.Join("   ", Spaceless().Select(text => $"{text.Kind} {Timing.Seconds(() => tokenizer.Encode(text.Text)):F2}")) + $"   load {Timing.Load()}");
        Share(rows, Precision.Float32);
        Share(rows, Precision.BFloat16);
        return 0;
    }

    private static IEnumerable<(string Kind, string Text)> Spaceless()
    {
        var random = new Random(1);
        string Drawn(int count, Func<int> codePoint) => string.Concat(Enumerable.Range(0, count).Select(_ => char.ConvertFromUtf32(codePoint())));
        yield return ("'a'", new string('a', 1_000_000));
        yield return ("letters", Drawn(1_000_000, () => random.Next('a', 'z' + 1)));
        yield return ("CJK", Drawn(333_333, () => random.Next(0x4E00, 0x9FA6)));
        yield return ("emoji", Drawn(250_000, () => random.Next(0x1F600, 0x1F650)));
    }

    /// <summary>Tokenization beside the whole way from text to pooled vectors of all layers, of which it is a part.</summary>
    private static void Share(int count, Precision precision)
    {
        using var backbone = Backbone.Load(Timing.Shared("models", "all-MiniLM-L6-v2"), new BackboneOptions { Precision = precision });
        Tasks.Row[] rows = [.. Sentences.Mixed(count)];
        var limit = new EncodeOptions { MaxLength = backbone.MaxTokens };
        void Tokenize() { foreach (var row in rows) backbone.Tokenizer.Encode(row.Text, null, limit); }
        void Extract(Tasks.Row[] some) { foreach (var _ in new FeatureExtractor(backbone, new FeatureOptions()).Extract(some)) { } }
        Tokenize();
        Extract(rows[..Math.Min(200, rows.Length)]);
        var tokenizing = Timing.Median([.. Enumerable.Range(0, 5).Select(_ => Timing.Seconds(Tokenize))]);
        var all = Timing.Seconds(() => Extract(rows));
        Console.WriteLine($"share of feature time, MiniLM {Precisions.Name(precision)}, {count} mixed sentences: {tokenizing:F3} s of {all:F2} s, {tokenizing / all:P1}   load {Timing.Load()}");
    }
}
