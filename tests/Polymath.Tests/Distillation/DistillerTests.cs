using Polymath.Distillation;
using Polymath.Evaluation;

namespace Polymath.Tests;

/// <summary>The whole way from a teacher and texts to a student's folder, on a tiny teacher; stopped, resumed and refused.</summary>
public sealed class DistillerTests : IDisposable
{
    private static readonly DistillationOptions Small = new()
    {
        Width = 16,
        Layers = 2,
        Heads = 2,
        Intermediate = 32,
        Vocabulary = 150,
        MaxTokens = 24,
        TokenBudget = 256,
        BagEpochs = 1,
        Epochs = 1,
        BagRate = 1e-2,
        Rate = 5e-3,
    };

    private readonly TemporaryFolder _folder = new();
    private readonly Backbone _teacher;

    public DistillerTests() => _teacher = Backbone.Load(TinyModel.Write(_folder["teacher"]));

    public void Dispose()
    {
        _teacher.Dispose();
        _folder.Dispose();
    }

    private static string[] Texts(int count = 400)
    {
        var random = new SeededRandom(3);
        return [.. Enumerable.Range(0, count).Select(_ => string.Join(' ', Enumerable.Range(0, 2 + random.Next(9)).Select(_ => TinyModel.Words[5 + random.Next(TinyModel.Words.Length - 5)])))];
    }

    [Fact]
    public void A_student_learns_and_its_folder_loads_like_any_other()
    {
        var made = Distiller.Run(_teacher, Texts(800), _folder["student"], Small with { BagEpochs = 4, Epochs = 8 });
        Assert.True(made.Explained > 0.25, $"explains {made.Explained:P1} of the variance");
        Assert.Equal((700, 100), (made.Texts, made.HeldOut));
        using var student = Backbone.Load(_folder["student"]);
        Assert.Equal((2, 16, 24), (student.Config.Layers, student.Config.Width, student.MaxTokens));
        Assert.True(student.Sentence.IsDescribed);
        Assert.Equal(made.Tokens, student.Tokenizer.VocabularySize);
        Assert.Equal(16, Assert.Single(student.Embed(["the cat is good"])).Length);
        using var checkpoint = Checkpoints.Checkpoint.Open(_folder["student"]);
        Assert.All(checkpoint.Names, name => Assert.Equal("F16", checkpoint.Info(name).DType));
        Assert.Equal(made.Parameters, checkpoint.Names.Sum(name => checkpoint.Info(name).ElementCount));
    }

    [Fact]
    public void The_same_call_on_a_finished_student_changes_nothing()
    {
        Distiller.Run(_teacher, Texts(), _folder["student"], Small);
        var before = Bytes("student");
        var passes = _teacher.ForwardPasses;
        var again = Distiller.Run(_teacher, Texts(), _folder["student"], Small);
        Assert.Equal(before, Bytes("student"));
        Assert.Equal(passes, _teacher.ForwardPasses);
        Assert.True(again.Steps > 0);
    }

    [Theory, InlineData("embeddings", 1), InlineData("embeddings", 7), InlineData("network", 0), InlineData("network", 5)]
    public void A_stopped_run_goes_on_to_the_same_bits(string stage, int after)
    {
        Distiller.Run(_teacher, Texts(), _folder["whole"], Small);
        using var stop = new CancellationTokenSource();
        var progress = new Relay<WorkProgress>(p => { if (p.Stage == stage && p.Done > after) stop.Cancel(); });
        Assert.Throws<OperationCanceledException>(() => Distiller.Run(_teacher, Texts(), _folder["parts"], Small, progress: progress, cancellation: stop.Token));
        Distiller.Run(_teacher, Texts(), _folder["parts"], Small);
        Assert.Equal(Bytes("whole"), Bytes("parts"));
        Assert.Equal(File.ReadAllBytes(_folder["whole.work/checkpoint.safetensors"]), File.ReadAllBytes(_folder["parts.work/checkpoint.safetensors"]));
    }

    [Fact]
    public void A_crash_at_any_write_leaves_work_that_can_be_gone_on_with()
    {
        var options = Small with { CheckpointInterval = TimeSpan.Zero, BagEpochs = 0.3, Epochs = 0.3 };
        var counting = new StoppingDisk(int.MaxValue);
        Distiller.Run(_teacher, Texts(100), _folder["whole"], options, disk: counting);
        var whole = Bytes("whole");
        for (var stop = 0; stop < counting.Steps; stop += 29)
        {
            var name = $"stopped-{stop}";
            Assert.Throws<Native.DiskStoppedException>(() => Distiller.Run(_teacher, Texts(100), _folder[name], options, disk: new StoppingDisk(stop)));
            Distiller.Run(_teacher, Texts(100), _folder[name], options);
            Assert.Equal(whole, Bytes(name));
        }
    }

    [Fact]
    public void Work_of_another_run_and_folders_with_something_in_them_are_left_alone()
    {
        Distiller.Run(_teacher, Texts(100), _folder["student"], Small with { BagEpochs = 0.2, Epochs = 0.2 });
        var error = Assert.Throws<PolymathException>(() => Distiller.Run(_teacher, Texts(120), _folder["student"], Small));
        Assert.Contains("another run", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<PolymathException>(() => Distiller.Run(_teacher, Texts(100), _folder["teacher"], Small));
        Assert.Contains("is there already", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_that_do_not_fit_are_named()
    {
        void Refused(DistillationOptions options, string word) =>
            Assert.Contains(word, Assert.Throws<PolymathException>(() => Distiller.Run(_teacher, Texts(), _folder["refused"], options)).Message, StringComparison.Ordinal);
        Refused(Small with { Heads = 3 }, "multiple");
        Refused(Small with { TeacherLayers = [1, 9] }, "layer 9");
        Refused(Small with { MaxTokens = 2 }, "room");
        Refused(Small with { TokenBudget = 8 }, "step");
        Refused(Small with { Rate = 1e30, ClipNorm = 1e30 }, "learning rate");
    }

    [Fact]
    public async Task The_command_line_makes_a_student_and_refuses_in_one_line()
    {
        File.WriteAllLines(_folder["texts.txt"], Texts());
        string[] size = ["--width", "16", "--layers", "1", "--heads", "2", "--intermediate", "32", "--vocabulary", "150", "--bag-epochs", "1", "--epochs", "1"];
        var run = (await CliRun.Of(["distill", "--teacher", _folder["teacher"], "--data", _folder["texts.txt"], "--out", _folder["student"], "--json", .. size])).Ok();
        Assert.Equal(350, run.Json.GetProperty("texts").GetInt32());
        (await CliRun.Of("models", "show", _folder["student"])).Ok();
        File.WriteAllText(_folder["empty.txt"], "");
        (await CliRun.Of("distill", "--teacher", _folder["absent"], "--data", _folder["texts.txt"], "--out", _folder["other"])).Refused("absent", "no such folder");
        (await CliRun.Of("distill", "--teacher", _folder["teacher"], "--data", _folder["absent.txt"], "--out", _folder["other"])).Refused("absent.txt");
        (await CliRun.Of("distill", "--teacher", _folder["teacher"], "--data", _folder["empty.txt"], "--out", _folder["other"])).Refused("empty");
        File.WriteAllText(_folder["few.txt"], "one text\nanother text\n");
        (await CliRun.Of("distill", "--teacher", _folder["teacher"], "--data", _folder["few.txt"], "--out", _folder["other"])).Refused("2 different texts");
        Assert.False(Directory.Exists(_folder["other"]));
    }

    private byte[] Bytes(string student) => File.ReadAllBytes(Path.Combine(_folder[student], "model.safetensors"));
}
