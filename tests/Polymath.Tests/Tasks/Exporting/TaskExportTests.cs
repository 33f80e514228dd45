using System.Text.Json;
using Polymath.Adaptation;
using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Features;
using Polymath.Native;
using Polymath.Tasks;
using Polymath.Tasks.Exporting;

namespace Polymath.Tests;

/// <summary>A task that was exported answers as the task does, from its folder alone.</summary>
public sealed class TaskExportTests : IDisposable
{
    private static readonly string[] Asked = [.. FeatureExtractionTests.Rows(20, 9).Select(row => row.Text)];

    private readonly TemporaryFolder _folder = new();

    private string Out => _folder["exported"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("last", Pooling.Mean, ExportedKind.SentenceVectors)]
    [InlineData("layer3", Pooling.Cls, ExportedKind.SentenceVectors)]
    [InlineData("layer1", Pooling.Max, ExportedKind.LayerFeatures)]
    [InlineData("top2", Pooling.Mean, ExportedKind.LayerFeatures)]
    [InlineData("concat2", Pooling.Cls, ExportedKind.LayerFeatures)]
    public void A_head_on_frozen_features_answers_the_same_from_the_exported_folder(string layers, Pooling pooling, ExportedKind kind)
    {
        using var backbone = Backbone.Load(TinyModel.Write(_folder["model"]), new BackboneOptions { MaxTokens = 12 });
        var task = FeatureExtraction.ExtractFeatures(backbone, "mood", FeatureExtractionTests.Rows(60), new FeatureExtractionOptions { Layers = LayerMix.Parse(layers), Pooling = pooling });
        Assert.Equal(kind, task.Export(Out));
        using var exported = Backbone.Load(Out);
        Assert.Equal(backbone.Hash, exported.Hash);
        Assert.Equal(12, exported.MaxTokens);
        Same(task, LearnedTask.Restore(TaskArtifact.Load(Out), exported));
        var readme = File.ReadAllText(Path.Combine(Out, "README.md"));
        Assert.Contains(kind == ExportedKind.SentenceVectors ? "SentenceTransformer(\".\")" : "output_hidden_states=True", readme);
        Assert.DoesNotContain(_folder.Path, readme + File.ReadAllText(Path.Combine(Out, "task.json")));
        if (kind != ExportedKind.SentenceVectors) return;
        // What sentence-transformers is told to compute are the features that the head reads.
        var features = exported.Embed(Asked);
        using var checkpoint = SafetensorsFile.Open(Path.Combine(Out, "head.safetensors"));
        float[] weight = checkpoint.ReadFloats("weight"), bias = checkpoint.ReadFloats("bias");
        foreach (var (prediction, vector) in task.Predict(Asked).Zip(features))
        {
            var scores = Enumerable.Range(0, bias.Length).Select(k => bias[k] + vector.Select((x, j) => x * weight[k * vector.Length + j]).Sum()).ToArray();
            Assert.Equal(prediction.Label, task.Labels.Names[Array.IndexOf(scores, scores.Max())]);
        }
    }

    [Fact]
    public void A_sentence_vector_keeps_its_dense_layers_prompt_and_lower_case()
    {
        var model = TinyModel.WriteSentence(_folder["model"], "bert-mlm", new SentenceParts { DenseOutputs = 6, Normalise = true, Prompts = new() { ["query"] = "query the " }, DefaultPrompt = "query", MaxSequence = 16 });
        TinyModel.WriteJson(model, "sentence_bert_config.json", new { max_seq_length = 16, do_lower_case = true });
        using var backbone = Backbone.Load(model);
        var task = LabelNames.Learn(backbone, "mood", new Dictionary<string, string> { ["plus"] = "good great", ["minus"] = "bad awful" });
        Assert.Equal(ExportedKind.SentenceVectors, task.Export(Out));
        using var exported = Backbone.Load(Out);
        Assert.Equal((16, true, true, 6), (exported.MaxTokens, exported.Sentence.LowerCase, exported.Sentence.Normalise, exported.Sentence.Width(32)));
        Assert.Equal(backbone.Embed(Asked), exported.Embed(Asked));
        Same(task, LearnedTask.Restore(TaskArtifact.Load(Out), exported));
    }

    [Fact]
    public void A_tuned_network_with_a_new_head_is_a_folder_of_its_own()
    {
        using var backbone = Backbone.Load(TinyModel.Write(_folder["model"]));
        using var task = backbone.FineTune("mood", FeatureExtractionTests.Rows(40), new FineTuningOptions { LearningRate = 1e-3, Epochs = 1, BatchRows = 8 });
        Assert.Equal(ExportedKind.SentenceVectors, task.Export(Out));
        using var exported = Backbone.Load(Out);
        Assert.NotEqual(backbone.Hash, exported.Hash);
        Same(task, LearnedTask.Restore(TaskArtifact.Load(Out), exported));
        using var config = JsonDocument.Parse(File.ReadAllText(Path.Combine(Out, "config.json")));
        Assert.Equal("BertModel", config.RootElement.GetProperty("architectures")[0].GetString());
        using var weights = Checkpoint.Open(Out);
        Assert.Equal("pt", weights.Metadata["format"]);
        Assert.Contains("bert.embeddings.word_embeddings.weight", weights.Names);
    }

    [Theory]
    [InlineData("bert-classify")]
    [InlineData("roberta-classify")]
    [InlineData("distilbert-classify")]
    public async Task A_kept_head_makes_a_sequence_classification_model_of_the_family(string kind)
    {
        using var backbone = Backbone.Load(TinyModel.Write(_folder["model"], kind), new BackboneOptions { WithHead = true });
        Row[] rows = [.. FeatureExtractionTests.Rows(60).Select((row, i) => row with { Label = backbone.Config.Labels[i % backbone.Config.Labels.Count] })];
        using var task = backbone.FineTune("mood", rows, new FineTuningOptions { LearningRate = 1e-3, Epochs = 1, BatchRows = 8, KeepHead = true });
        Assert.Equal(ExportedKind.OwnHead, task.Export(Out));
        Assert.False(File.Exists(Path.Combine(Out, "task.json")));
        using var config = JsonDocument.Parse(File.ReadAllText(Path.Combine(Out, "config.json")));
        Assert.EndsWith("ForSequenceClassification", config.RootElement.GetProperty("architectures")[0].GetString());
        Assert.Equal(1, config.RootElement.GetProperty("label2id").GetProperty("LABEL_1").GetInt32());
        Assert.Equal("single_label_classification", config.RootElement.GetProperty("problem_type").GetString());
        // Every tensor that the family's class has is there under its name.
        using (Checkpoint original = Checkpoint.Open(_folder["model"]), weights = Checkpoint.Open(Out))
            Assert.DoesNotContain(original.Names.Except(weights.Names), name => !name.EndsWith("position_ids", StringComparison.Ordinal));
        var lines = (await CliRun.With(string.Join('\n', Asked) + "\n", default, "predict", "--model", Out)).Ok().JsonLines;
        foreach (var (prediction, line) in task.Predict(Asked).Zip(lines))
        {
            Assert.Equal(prediction.Label, line.GetProperty("label").GetString());
            Assert.Equal(prediction.Probability, line.GetProperty("probability").GetDouble(), 1e-6);
        }
    }

    [Fact]
    public async Task The_command_line_exports_checks_and_predicts()
    {
        var model = TinyModel.Write(_folder["model"]);
        TorchFileTests.Repack(model); // pytorch_model.bin in, model.safetensors out
        await Learned("--model", model, "--layers", "top2");
        (await CliRun.Of("export", "--task", "mood", "--library", _folder["library"], "--out", Out)).Ok();
        using (var backbone = Backbone.Load(model))
        {
            using var exported = Backbone.Load(Out);
            Assert.Equal(backbone.Hash, exported.Hash);
        }
        File.Copy(TestFiles.Golden("models", "bert-mlm", "cases.safetensors"), Path.Combine(Out, "cases.safetensors"));
        File.Copy(TestFiles.Golden("models", "bert-mlm", "cases.json"), Path.Combine(Out, "cases.json"));
        (await CliRun.Of("models", "check", Out)).Ok();
        var texts = string.Join('\n', Asked) + "\n";
        var expected = (await CliRun.With(texts, default, "predict", "--task", "mood", "--library", _folder["library"])).Ok();
        Directory.Delete(model, recursive: true);
        Assert.Equal(expected.Output, (await CliRun.With(texts, default, "predict", "--model", Out)).Ok().Output);
        (await CliRun.Of("export", "--task", "mood", "--library", _folder["library"], "--out", Out)).Refused("model");
        (await CliRun.Of("export", "--task", "mood", "--library", _folder["library"], "--out", Out, "--model", Out)).Refused("exists already");
        (await CliRun.Of("predict", "--model", Out, "--max-tokens", "9")).Refused("--max-tokens does not apply");
        (await CliRun.Of("export", "--task", "other", "--library", _folder["library"], "--out", Out)).Refused("other");
    }

    [Theory]
    [InlineData("multi-label", "plus;loud", "minus", "thresholds")]
    [InlineData("regression", "1.5", "-2", "scores[:, 0]")]
    public async Task Other_kinds_of_tasks_are_exported_with_what_they_answer(string kind, string even, string odd, string readme)
    {
        var data = TinyModel.WriteRows(_folder["rows.csv"], 60);
        File.WriteAllLines(data, File.ReadAllLines(data).Select(line => line.Replace(",plus", "," + even).Replace(",minus", "," + odd)));
        (await CliRun.Of("adapt", "--task", "mood", "--data", data, "--kind", kind, "--model", TinyModel.Write(_folder["model"]), "--layers", "last", "--library", _folder["library"])).Ok();
        (await CliRun.Of("export", "--task", "mood", "--library", _folder["library"], "--out", Out)).Ok();
        var texts = string.Join('\n', Asked) + "\n";
        Assert.Equal((await CliRun.With(texts, default, "predict", "--task", "mood", "--library", _folder["library"])).Ok().Output, (await CliRun.With(texts, default, "predict", "--model", Out)).Ok().Output);
        Assert.Contains(readme, File.ReadAllText(Path.Combine(Out, "README.md")));
    }

    [Fact]
    public async Task A_task_without_a_backbone_has_no_folder_to_export()
    {
        await Learned("--method", "tfidf");
        (await CliRun.Of("export", "--task", "mood", "--library", _folder["library"], "--out", Out)).Refused("tfidf", "no backbone");
        Assert.False(Directory.Exists(Out));
    }

    /// <summary>The folder is there as a whole or not at all.</summary>
    [Fact]
    public void An_export_that_is_stopped_leaves_no_folder()
    {
        using var backbone = Backbone.Load(TinyModel.Write(_folder["model"]));
        var task = FeatureExtraction.ExtractFeatures(backbone, "mood", FeatureExtractionTests.Rows(20), new FeatureExtractionOptions { Layers = LayerMix.Last });
        var counting = new StoppingDisk(int.MaxValue);
        task.Export(_folder["whole"], counting);
        for (var step = 0; step < counting.Steps - 1; step += 3)
        {
            Assert.Throws<DiskStoppedException>(() => task.Export(Out, new StoppingDisk(step)));
            Assert.False(Directory.Exists(Out));
        }
    }

    private async Task Learned(params string[] more) =>
        (await CliRun.Of(["adapt", "--task", "mood", "--data", TinyModel.WriteRows(_folder["rows.csv"], 60), "--library", _folder["library"], .. more])).Ok();

    private static void Same(LearnedTask task, LearnedTask restored)
    {
        foreach (var (a, b) in task.Predict(Asked).Zip(restored.Predict(Asked), (a, b) => (a, b)))
        {
            Assert.Equal(a.Label, b.Label);
            Assert.Equal(a.Probability, b.Probability, 1e-6f);
        }
    }
}
