using Polymath.Adaptation;
using Polymath.Backbones;
using Polymath.Checkpoints;
using Polymath.Evaluation;
using Polymath.Generation;
using Polymath.Native;
using Polymath.Tasks;
using Polymath.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tests;

/// <summary>Language models that learn answers: the loss, the whole way to a saved task, stopping and going on.</summary>
public sealed class TextToTextTests
{
    private static readonly TextToTextOptions Quick = new() { Separator = SmallWriters.Separator, Training = new FineTuningOptions { Dropout = 0, LearningRate = 2e-3, Epochs = 2, BatchRows = 8 } };

    private static readonly string[] _families = ["gpt2", "t5", "bart"];

    public static TheoryData<string> Families => [.. _families];

    private static LanguageModel Small(TemporaryFolder folder, string family) => LanguageModel.Load(SmallWriters.Write(folder[family], family, width: 32));

    private static LabelledRows Rows(int count, ulong seed = 1) => LabelledRows.OfKind(SmallWriters.Rows(count, seed, least: 2, most: 9), TaskKind.Generate);

    [Theory]
    [InlineData("gpt2", 64, 200, 3e-3)]
    [InlineData("bart", 64, 200, 3e-3)]
    [InlineData("t5", 32, 1000, 8e-3)] // it must find out positions from distances alone
    public void ItLearnsToReverseEightTokens(string family, int width, int steps, double rate)
    {
        using var folder = new TemporaryFolder();
        using var model = LanguageModel.Load(SmallWriters.Write(folder["model"], family, width: width));
        var training = new FineTuningOptions { Dropout = 0, LearningRate = rate, Epochs = 1, BatchRows = 32, Schedule = ScheduleShape.Cosine, WarmUp = 0.05 };
        using var task = model.FineTune("reverse", SmallWriters.Rows(32 * steps, 1), Quick with { Training = training });
        var outcomes = task.Measure(LabelledRows.OfKind(SmallWriters.Rows(300, 77), TaskKind.Generate));
        Assert.InRange(Metric.ExactMatch.Compute(outcomes), 0.99, 1);
        Assert.InRange(Metric.Perplexity.Compute(outcomes), 1, 1.05);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void TheLossOfABatchIsThatOfItsRowsOneAtATime(string family)
    {
        using var folder = new TemporaryFolder();
        using var model = Small(folder, family);
        using var network = model.LoadTrainable();
        var data = Rows(13);
        var encoder = new TextToTextEncoder(model, TextToTextEncoder.Fit(model, data.Rows, Quick));
        TextToTextRow[] rows = [.. data.Rows.Select(row => new TextToTextRow(encoder.Prompt(row), encoder.Answer(row)))];
        double Loss(TextToTextRow[] of, int accumulate, Dictionary<string, Tensor>? gradients = null)
        {
            foreach (var parameter in network.Parameters.Values) parameter.grad = null;
            double sum = 0;
            foreach (var loss in new TextToTextProblem(network, of, new RowOrder(of.Length, of.Length, 3), accumulate).Losses(0, null))
            {
                loss.backward();
                sum += loss.ToDouble();
            }
            foreach (var (name, parameter) in network.Parameters) gradients?.Add(name, parameter.grad!.clone());
            return sum;
        }
        using var scope = NewDisposeScope();
        var tokens = rows.Sum(row => row.Answer.Length);
        Dictionary<string, Tensor> whole = [], parts = [];
        var together = Loss(rows, 1, whole);
        Assert.Equal(together, rows.Sum(row => Loss([row], 1) * row.Answer.Length) / tokens, 2e-6 * together);
        Assert.Equal(together, Loss(rows, 4, parts), 2e-6 * together);
        foreach (var (name, gradient) in whole) Assert.True((gradient - parts[name]).norm().ToDouble() <= 1e-5 * (1e-2 + gradient.norm().ToDouble()), name);
        // And the likelihoods that scoring gives are the same numbers.
        Assert.Equal(together, Likelihood.PerToken(model.LogProbabilities(Likelihood.Requests(rows))), 1e-5 * together);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void ATaskCarriesItsWeightsAndWritesTheSameAfterLoading(string family)
    {
        using var folder = new TemporaryFolder();
        using var model = Small(folder, family);
        using var task = model.FineTune("reverse", Rows(40).Rows, Quick);
        string[] asked = [.. Rows(70, seed: 3).Rows.Select(row => row.Text)]; // more than one window
        var written = task.Predict(asked).Select(answer => (answer.Row.Text, answer.Answer.Text, answer.Answer.Score)).ToArray();
        Assert.Equal(asked, written.Select(answer => answer.Item1));
        task.Save(folder["library"]);
        using var loaded = TextToTextTask.Load(folder["library"], "reverse", model);
        Assert.Equal(written, loaded.Predict(asked).Select(answer => (answer.Row.Text, answer.Answer.Text, answer.Answer.Score)));
        Assert.Equal((TaskKind.Generate, "fine-tuning", SmallWriters.Separator), (loaded.Artifact.Kind, loaded.Artifact.Method, loaded.Artifact.TextToText!.Separator));
        Assert.Equal(9 + (family == "bart" ? 2 : 1), loaded.Writing.MaxNewTokens); // the longest answer, its end token, and what BART begins every text with
        Assert.All(loaded.Predict(asked[..3], loaded.Writing with { MaxNewTokens = 2 }), answer => Assert.InRange(answer.Answer.Ids.Count, 1, 2));
        // All weights moved, and stand under their own names.
        using var tuned = Checkpoint.Open(Directory.EnumerateFiles(folder["library"], "backbone.safetensors", SearchOption.AllDirectories).Single());
        using var original = Checkpoint.Open(model.Path);
        Assert.Equal(original.Names.Order(), tuned.Names.Order());
        Assert.All(tuned.Names, name => Assert.NotEqual(original.ReadFloats(name), tuned.ReadFloats(name)));
        using var other = LanguageModel.Load(SmallWriters.Write(folder["other"], family, seed: 2, width: 32));
        Assert.Contains("belongs to the backbone", Assert.Throws<PolymathException>(() => TextToTextTask.Load(folder["library"], "reverse", other)).Message, StringComparison.Ordinal);
        Assert.Contains("TextToTextTask.Restore", Assert.Throws<PolymathException>(() => LearnedTask.Load(folder["library"], "reverse")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void AStoppedTrainingGoesOnWhereItStoodAndEndsTheSame(string family)
    {
        using var folder = new TemporaryFolder();
        using var model = Small(folder, family);
        var training = Quick.Training with { Dropout = 0.1, ValidationShare = 0.2, CheckpointFolder = folder["state"] };
        using var whole = model.FineTune("reverse", Rows(60), Quick with { Training = training with { CheckpointFolder = null } });
        using var source = new CancellationTokenSource();
        var stop = new Relay<WorkProgress>(p => { if (p is { Stage: "training", Done: 7 }) source.Cancel(); });
        Assert.Throws<OperationCanceledException>(() => model.FineTune("reverse", Rows(60), Quick with { Training = training }, progress: stop, cancellation: source.Token));
        Assert.Single(Directory.GetFiles(folder["state"]));
        var steps = new List<long>();
        using var resumed = model.FineTune("reverse", Rows(60), Quick with { Training = training }, progress: new Relay<WorkProgress>(p => { if (p.Stage == "training") steps.Add(p.Done); }));
        Assert.Equal(8, steps[0]);
        Assert.Equal(whole.Artifact.Weights!.Hash, resumed.Artifact.Weights!.Hash);
        Assert.Equal(whole.Artifact.Training!.Options["validation_perplexity"], resumed.Artifact.Training!.Options["validation_perplexity"]);
        using var undropped = model.FineTune("reverse", Rows(60), Quick with { Training = training with { Dropout = 0, CheckpointFolder = null } });
        Assert.NotEqual(whole.Artifact.Weights.Hash, undropped.Artifact.Weights!.Hash);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void AKilledTrainingGoesOnFromItsLastCheckpoint(string family)
    {
        using var folder = new TemporaryFolder();
        using var model = Small(folder, family);
        var training = Quick.Training with { Epochs = 10, Dropout = 0.1, CheckpointFolder = folder["state"] }; // 60 steps
        using var whole = model.FineTune("reverse", Rows(48), Quick with { Training = training with { CheckpointFolder = null } });
        // Nothing is written when it ends like this: what counts is the checkpoint after 50 steps.
        var killed = new Relay<WorkProgress>(p => { if (p is { Stage: "training", Done: 57 }) throw new InvalidOperationException("killed"); });
        Assert.Throws<InvalidOperationException>(() => model.FineTune("reverse", Rows(48), Quick with { Training = training }, progress: killed));
        var steps = new List<long>();
        using var resumed = model.FineTune("reverse", Rows(48), Quick with { Training = training }, progress: new Relay<WorkProgress>(p => { if (p.Stage == "training") steps.Add(p.Done); }));
        Assert.Equal(51, steps[0]);
        Assert.Equal(whole.Artifact.Weights!.Hash, resumed.Artifact.Weights!.Hash);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void MixedPrecisionComesClose(string family)
    {
        Assert.SkipUnless(Autocast.IsAvailable, "this build of libtorch has no autocast");
        using var folder = new TemporaryFolder();
        using var model = Small(folder, family);
        using var network = model.LoadTrainable();
        var data = Rows(20);
        var encoder = new TextToTextEncoder(model, TextToTextEncoder.Fit(model, data.Rows, Quick));
        TextToTextRow[] rows = [.. data.Rows.Select(row => new TextToTextRow(encoder.Prompt(row), encoder.Answer(row)))];
        double Loss(Precision precision) => new TextToTextProblem(network, rows, new RowOrder(20, 20, 0), precision: precision).Losses(0, null).Sum(loss =>
        {
            loss.backward();
            return loss.ToDouble();
        });
        var exact = Loss(Precision.Float32);
        Assert.InRange(Loss(Precision.BFloat16), exact * 0.98, exact * 1.02);
    }

    [Fact]
    public void AQuantisedFileIsUnpackedForTraining()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["small.gguf"], GgufSeeds.Llama(ends: true));
        using var model = LanguageModel.Load(folder["small.gguf"]);
        Row[] rows = [new("a b a") { Label = "ab" }, new("b b") { Label = "b" }, new("ab") { Label = "a a" }];
        var options = Quick with { Separator = " ", Training = Quick.Training with { Epochs = 120, LearningRate = 5e-3 } };
        using var start = model.FineTune("start", rows, options with { Training = options.Training with { Epochs = 1, LearningRate = 1e-9 } });
        using var task = model.FineTune("end", rows, options);
        var data = LabelledRows.OfKind(rows, TaskKind.Generate);
        Assert.InRange(Metric.Perplexity.Compute(start.Measure(data)), 4.9, 5.1); // its norms are 0: nothing is known yet, of five tokens
        Assert.InRange(Metric.Perplexity.Compute(task.Measure(data)), 1, 2.5);
        task.Save(folder["library"]);
        using var loaded = TextToTextTask.Load(folder["library"], "end", model);
        Assert.Equal(task.Predict(rows).Select(answer => answer.Answer.Text), loaded.Predict(rows).Select(answer => answer.Answer.Text));
        Assert.All(TinyModel.ReadTensors(Directory.EnumerateFiles(folder["library"], "backbone.safetensors", SearchOption.AllDirectories).Single()), tensor => Assert.Equal("F32", tensor.DType));
        File.WriteAllBytes(folder["endless.gguf"], GgufSeeds.Llama());
        using var endless = LanguageModel.Load(folder["endless.gguf"]);
        Assert.Contains("names no end token", Assert.Throws<PolymathException>(() => endless.FineTune("x", rows, options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNotTrainedComesFromTheModel()
    {
        using var folder = new TemporaryFolder();
        SmallWriters.Write(folder["bart"], "bart", width: 32);
        // BART's bias of the output is no parameter: it makes 'a' likely here, and must do so after training too.
        var bias = new float[15];
        bias[5] = 50;
        var path = Path.Combine(folder["bart"], "model.safetensors");
        SafetensorsWriter.Write(path, [.. TinyModel.ReadTensors(path), StoredTensor.Of("final_logits_bias", bias, 1, 15)]);
        using var model = LanguageModel.Load(folder["bart"]);
        using var task = model.FineTune("x", Rows(8), Quick);
        Assert.Equal("a a a", task.Predict(["b c"], new GenerationOptions { MaxNewTokens = 3 }).Single().Answer.Text);
    }

    [Fact]
    public void FreshWeightsFollowFromTheirSeed()
    {
        using var folder = new TemporaryFolder();
        string HashOf(string name, ulong seed)
        {
            using var model = LanguageModel.Load(SmallWriters.Write(folder[name], "bart", seed, width: 32));
            return model.Hash;
        }
        Assert.Equal(HashOf("one", 5), HashOf("two", 5));
        Assert.NotEqual(HashOf("three", 5), HashOf("four", 6));
    }

    [Fact]
    public void InputsAreCutWhereTheirAnswersNeedTheRoom()
    {
        using var folder = new TemporaryFolder();
        using var model = Small(folder, "gpt2"); // 32 positions
        Row[] rows = [new(string.Join(' ', Enumerable.Repeat("a", 40))) { Label = "b c d" }, new("a b") { Label = "b a" }];
        var record = TextToTextEncoder.Fit(model, rows, Quick);
        Assert.Equal((32 - 1 - 4, 4), (record.InputTokens, record.MaxNewTokens));
        var encoder = new TextToTextEncoder(model, record);
        var prompt = encoder.Prompt(rows[0]);
        Assert.Equal((28, "=", 1), (prompt.Length, model.Tokenizer.TokenOf(prompt[^1])!, encoder.Cut)); // the separator is never cut away
        Assert.Equal("b c d </s>", string.Join(' ', encoder.Answer(rows[0]).Select(model.Tokenizer.TokenOf)));
        using var task = model.FineTune("cut", rows, Quick);
        Assert.Equal("1", task.Artifact.Training!.Options["cut_inputs"]);
        _ = task.Predict(rows).Count();
        Assert.Equal(1, task.LastCut);
        using var other = task.Predict(["a b"]).GetEnumerator();
        Assert.True(other.MoveNext());
        Assert.Equal(1, task.LastCut); // of the prediction that ended last
        Assert.False(other.MoveNext());
        Assert.Equal(0, task.LastCut);
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("bart")]
    public void AMeasuredInputGivesWayToALongerRightAnswer(string family)
    {
        using var folder = new TemporaryFolder();
        using var model = Small(folder, family); // 32 positions
        using var task = model.FineTune("short", [new("a b") { Label = "b a" }], Quick);
        string letters = string.Join(' ', Enumerable.Repeat("a", 40)), answer = string.Join(' ', Enumerable.Repeat("b", 12));
        var outcomes = task.Measure(LabelledRows.OfKind([new(letters) { Label = answer }], TaskKind.Generate));
        Assert.Equal([12 + (family == "bart" ? 2 : 1)], outcomes.Tokens!);
        Assert.True(double.IsFinite(outcomes.LogProbabilities![0]));
        if (family == "gpt2") // the same as for an input that ends where the room does: 32 − separator − answer
            Assert.Equal(task.Measure(LabelledRows.OfKind([new(string.Join(' ', Enumerable.Repeat("a", 18))) { Label = answer }], TaskKind.Generate)).LogProbabilities![0], outcomes.LogProbabilities[0], 1e-4);
        var error = Assert.Throws<PolymathException>(() => task.Measure(LabelledRows.OfKind([new("a") { Label = string.Join(' ', Enumerable.Repeat("b", 31)), Line = 4 }], TaskKind.Generate)));
        Assert.Contains("line 4: the answer has 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatCannotBeLearnedIsSaid()
    {
        using var folder = new TemporaryFolder();
        using var model = Small(folder, "gpt2");
        string Say(Action action) => Assert.Throws<PolymathException>(action).Message;
        Row[] rows = [new("a b") { Label = "b a", Line = 2 }];
        Assert.Contains("line 7: the answer has 21 tokens; the model writes at most 15", Say(() => model.FineTune("x", [.. rows, new("a") { Label = string.Join(' ', Enumerable.Repeat("a", 20)), Line = 7 }], Quick)), StringComparison.Ordinal);
        Assert.Contains("no answer", Say(() => model.FineTune("x", [.. rows, new("a") { Line = 3 }], Quick)), StringComparison.Ordinal);
        Assert.Contains("pair of texts", Say(() => model.FineTune("x", [new("a") { Pair = "b", Label = "c" }], Quick)), StringComparison.Ordinal);
        Assert.Contains("leave no room", Say(() => model.FineTune("x", rows, Quick with { MaxNewTokens = 40 })), StringComparison.Ordinal);
        Assert.Contains("beams are 0", Say(() => model.FineTune("x", rows, Quick with { Beams = 0 })), StringComparison.Ordinal);
        Assert.Contains("learning rate", Say(() => model.FineTune("x", rows, Quick with { Training = new() { LearningRate = 0 } })), StringComparison.Ordinal);
        Assert.Contains("not a classification task", Say(() => model.FineTune("x", LabelledRows.From([new("a") { Label = "1" }, new("b") { Label = "2" }]), Quick)), StringComparison.Ordinal);
        using var encoder = LanguageModel.Load(TinyModel.Write(folder["bert"]));
        Assert.Contains("masked language model writes no text", Say(() => encoder.FineTune("x", rows, Quick)), StringComparison.Ordinal);
        using var backbone = Backbone.Load(folder["bert"]);
        Assert.Contains("language model that writes", Say(() => backbone.FineTune("x", Rows(4))), StringComparison.Ordinal);
    }
}
