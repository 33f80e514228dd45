using Polymath.Backbones;
using Polymath.Text;

namespace Polymath.Tests;

/// <summary>Every family against its reference dump: hidden states, logits, losses, gradients, pseudo-likelihoods.</summary>
public class ReferenceCheckTests
{
    public static TheoryData<string> Folders => [.. new[]
    {
        "bert-mlm", "bert-classify", "bert-regression", "bert-tokens", "roberta-mlm", "roberta-classify", "roberta-multi-label", "roberta-tokens",
        "distilbert-mlm", "distilbert-classify", "electra-mlm", "electra-classify", "mpnet-mlm", "mpnet-classify",
    }];

    [Theory, MemberData(nameof(Folders))]
    public void Everything_agrees_packed(string folder) => Check(folder, AttentionLayout.Grouped, trainable: true);

    [Theory, MemberData(nameof(Folders))]
    public void Everything_agrees_padded(string folder) => Check(folder, AttentionLayout.Padded, trainable: true);

    [Theory, MemberData(nameof(Folders))]
    public void Everything_agrees_with_frozen_fused_weights(string folder) => Check(folder, AttentionLayout.Grouped, trainable: false);

    [Theory, MemberData(nameof(Folders))]
    public void Everything_agrees_with_frozen_plain_weights(string folder) => Check(folder, AttentionLayout.Grouped, trainable: false, fused: false);

    private static void Check(string name, AttentionLayout layout, bool trainable, bool fused = true)
    {
        var folder = TestFiles.Golden("models", name);
        var lines = ReferenceCheck.Run(folder, Path.Combine(folder, "cases.safetensors"), new ReferenceCheckOptions(), layout, trainable, fused);
        Assert.All(lines, line => Assert.True(line.Status == "OK", $"{line.Kind}: {line.Gap:E1} at {line.Worst}"));
        string[] kinds = [.. lines.Select(line => line.Kind)];
        var layers = EncoderConfig.Read(Path.Combine(folder, "config.json")).Layers;
        Assert.Subset(kinds.ToHashSet(), Enumerable.Range(0, layers + 1).Select(layer => $"hidden.{layer}").Append("logits").ToHashSet());
        if (trainable) Assert.Subset(kinds.ToHashSet(), new HashSet<string>(["loss", "gradients"]));
        if (name.EndsWith("-mlm", StringComparison.Ordinal)) Assert.Contains("pseudo-likelihood", kinds);
    }
}
